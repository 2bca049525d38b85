"""The form that marks an event or changes one."""

from datetime import date
from functools import partial

import streamlit as st

from contract.notes import NAME_MAX, NoteKind, SiteNote
from dashboard.access.visitor import signed_in_as
from dashboard.figures.periods import local_day
from dashboard.notes.form import note_of
from dashboard.notes.kept import new_id, save_note
from dashboard.shell.away import is_written
from dashboard.shell.context import Context

KINDS = {NoteKind.PROMOTION: "Promotion", NoteKind.STAFFING: "Change of staffing"}

ADDED = "events-added"
"""Session key: how many have been marked, so that the form is empty for the next."""

SAVED = "event-saved"
"""Session key: id of the event that was just saved."""


def show_new(context: Context, *, expanded: bool) -> None:
    """The form that marks an event.

    Args:
        context: of the page.
        expanded: it is open from the beginning.
    """
    added = st.session_state.setdefault(ADDED, 0)
    with st.expander("Mark an event", expanded=expanded, key=f"new-event {added}"):
        show_form(context, f"event {context.site.name} {added}", "", None, "Mark the event")


def show_change(context: Context, note_id: str, note: SiteNote) -> None:
    """The form that changes an event."""
    show_form(context, f"event {note_id}", note_id, note, "Save")


def show_form(context: Context, key: str, note_id: str, note: SiteNote | None, verb: str) -> None:
    """The fields of an event, and what is wrong with each.

    Args:
        context: of the page.
        key: what the session knows the fields by.
        note_id: of the event that is changed, or ''.
        note: what the fields hold at first; None: nothing.
        verb: on the button.
    """
    site = context.site
    names = [camera.partition("/")[2] for camera in context.subjects.of_site(site.name)]
    kept = [camera for camera in note.cameras if camera in names] if note else []
    with st.form(key, border=False):
        place = st.empty()
        kind = st.radio(
            "What was different",
            list(KINDS),
            index=list(KINDS).index(note.kind) if note else 0,
            format_func=lambda each: KINDS[each],
            horizontal=True,
            key=f"{key} kind",
        )
        name = st.text_input(
            "Name",
            note.name if note else "",
            max_chars=NAME_MAX,
            placeholder="Free coffee",
            key=f"{key} name",
        )
        faults = {"name": st.empty()}
        cameras = st.multiselect(
            "Cameras that it is about", names, kept, placeholder="The whole site", key=f"{key} cameras"
        )
        faults["cameras"] = st.empty()
        left, right = st.columns(2)
        today = local_day(context.now_ms, site.time_zone)
        first_day = left.date_input("First day", note.first_day if note else today, key=f"{key} first")
        faults["first_day"] = left.empty()
        last_day = right.date_input(
            "Last day (none: it goes on)", note.last_day if note else None, key=f"{key} last"
        )
        faults["last_day"] = right.empty()
        if not st.form_submit_button(verb):
            return
    made, wrong = note_of(
        kind, name, tuple(cameras), _day(first_day), _day(last_day), context.now_ms, signed_in_as() or ""
    )
    for field, sentence in wrong.items():
        faults.get(field, place).error(sentence)
    saved_as = note_id or new_id()
    if made and is_written(partial(save_note, context.client, site.name, saved_as, made), place):
        if not note_id:
            st.session_state[ADDED] = st.session_state.get(ADDED, 0) + 1
        st.session_state[SAVED] = saved_as
        st.rerun()


def _day(given: object) -> date | None:
    """What a date input holds."""
    return given if isinstance(given, date) else None
