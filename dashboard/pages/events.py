"""Events: promotions and changes of staffing, and what was different with them."""

from datetime import timedelta
from functools import partial

import pandas as pd
import streamlit as st

from contract.notes import SiteNote
from contract.windows import Resolution
from dashboard.charts.days import day_chart
from dashboard.figures.breakdowns import daily
from dashboard.figures.comparison import DAYS_MOST, MEASURED, Sides, compared, sides_of, verdict_words
from dashboard.figures.periods import Span, local_day, midnight_ms
from dashboard.figures.queries import Question, answer
from dashboard.figures.selection import Selection
from dashboard.figures.subjects import Subjects
from dashboard.notes.kept import read_notes, remove_note
from dashboard.notes.section import SAVED, show_change, show_new
from dashboard.shell.away import is_written
from dashboard.shell.context import Context, get_context
from dashboard.shell.meaning import show_meaning
from dashboard.words.times import day, days, moment

CHOSEN = "event"
"""Session key: id of the event that is looked at."""


def show() -> None:
    """The page."""
    st.title("Events", anchor=False)
    st.caption("Mark a promotion or a change of staffing, and see what was different.")
    context = get_context()
    if not context.subjects.cameras:
        st.info("No camera has been seen yet. The page “Cameras” says how to attach one.")
        return
    notes = read_notes(context.client, context.site.name)
    if notes:
        show_event(context, notes)
    else:
        st.info(f"Nothing is marked at {context.site.name} yet. Mark the first event below.")
    show_new(context, expanded=not notes)
    show_meaning("events")


def show_event(context: Context, notes: dict[str, SiteNote]) -> None:
    """One event: what it was, what was different, and what can be done with it."""
    saved = st.session_state.pop(SAVED, "")
    if saved in notes:
        st.session_state[CHOSEN] = saved
        st.success(f"“{notes[saved].name}” is saved.")
    elif st.session_state.get(CHOSEN) not in notes:
        st.session_state.pop(CHOSEN, None)
    note_id = st.selectbox(
        "Event", list(notes), format_func=lambda each: f"{notes[each].name}, {when(notes[each])}", key=CHOSEN
    )
    note = notes[note_id]
    st.subheader(note.name, anchor=False)
    by = f" · marked {f'by {note.noted_by} ' if note.noted_by else ''}{noted(context, note)}"
    st.caption(f"{note.kind.capitalize()} · {when(note)} · {about(note)}{by}")
    show_difference(context, note, others=[it for key, it in notes.items() if key != note_id])
    with st.expander("Change or remove this event", key=f"edit {note_id}"):
        show_change(context, note_id, note)
        st.divider()
        place = st.empty()
        if st.button("Remove this event", key=f"remove {note_id}") and is_written(
            partial(remove_note, context.client, context.site.name, note_id), place
        ):
            st.rerun()


def show_difference(context: Context, note: SiteNote, others: list[SiteNote]) -> None:
    """The days of an event against the days before."""
    today = local_day(context.now_ms, context.site.time_zone)
    sides = sides_of(note, today)
    if not sides.after:
        begins = f"It begins on {day(note.first_day)}. " if note.first_day >= today else ""
        st.info(
            f"{begins}From its seventh day on there are enough days to compare; today counts when it is over."
        )
        return
    by_day = read_days(context, note, sides)
    if by_day.empty:
        st.info("There are no figures of these days: no camera looked, or there were too few visits to show.")
        return
    verdicts = [verdict_words(compared(by_day, sides, measured), measured) for measured in MEASURED]
    mood, *others_than_mood = dict.fromkeys(verdicts)  # that there are not enough days is said once
    st.markdown("\n\n".join([f"#### {mood}", *others_than_mood]))
    st.caption(sides_words(sides))
    for other in others:
        if any(other.covers(each) for each in {*sides.before, *sides.after}):
            st.warning(
                f"“{other.name}” ({when(other)}) lies within these days, too: what changed may be its doing."
            )
    st.caption("Shaded: the event. Filled dots are compared, dashed lines are their means.")
    for measured in MEASURED:
        st.markdown(f"**{measured.title}**")
        st.altair_chart(
            day_chart(by_day, note, sides, measured), width="stretch", key=f"days {measured.column}"
        )


def read_days(context: Context, note: SiteNote, sides: Sides) -> pd.DataFrame:
    """The figures of each day from the first to the last that is compared."""
    site, zone = context.site, context.site.time_zone
    cameras = [camera for camera in context.subjects.of_site(site.name) if note.is_about(camera)]
    to_ms = midnight_ms(sides.after[-1] + timedelta(days=1), zone)
    question = Question(Selection(site.name), Resolution.DAY, Span(midnight_ms(sides.before[0], zone), to_ms))
    return daily(answer(context.store, Subjects.of(cameras), site, question, context.now_ms))


def sides_words(sides: Sides) -> str:
    """Which days are compared."""
    cut = f" Only its first {DAYS_MOST} days are looked at." if sides.is_cut else ""
    return (
        f"{days(sides.after[0], sides.after[-1])} against the same weekdays of "
        f"{days(sides.before[0], sides.before[-1])}, day by day; in brackets, where the difference "
        f"lies 95 times out of 100.{cut}"
    )


def about(note: SiteNote) -> str:
    """What it is about."""
    if not note.cameras:
        return "the whole site"
    return f"{'camera' if len(note.cameras) == 1 else 'cameras'} {', '.join(note.cameras)}"


def when(note: SiteNote) -> str:
    """Its days."""
    return days(note.first_day, note.last_day)


def noted(context: Context, note: SiteNote) -> str:
    """When it was marked or last changed."""
    return moment(note.noted_at_ms, context.now_ms, context.site.time_zone)
