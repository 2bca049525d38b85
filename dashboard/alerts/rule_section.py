"""The rules of cameras on a page, and the form that adds, changes or removes one."""

from functools import partial

import streamlit as st

from dashboard.alerts.rule_form import Fields, fields_of, rule_of
from dashboard.alerts.rule_widgets import ask_for_rule
from dashboard.alerts.rules import StoredRule, read_rules, remove_rule, save_rule
from dashboard.figures.subjects import site_of
from dashboard.shell.away import is_written
from dashboard.shell.context import Context
from dashboard.words.alerts import rule_words, sentence

CHANGED = "rule-changed"
"""Session key: which rule is being changed."""

ADDED = "rules-added"
"""Session key: how many have been added, so that the form is empty for the next."""

DONE = "rule-done"
"""Session key: what was just done, to be said once."""

CAMERAS_NAMED = 4
"""More cameras than this are counted."""


def show_rules(context: Context) -> None:
    """The rules of all cameras, and the form."""
    st.subheader("Rules", anchor=False)
    st.caption("What is looked for. Changes hold within seconds.")
    rules = read_rules(context.client, context.subjects.cameras)
    if said := st.session_state.pop(DONE, ""):
        st.success(said)
    if not rules:
        st.info("There are no rules yet, so there are no alerts. Add one below.")
    for stored in rules:
        with st.container(border=True):
            show_rule(context, stored, rules)
    added = st.session_state.setdefault(ADDED, 0)
    with st.expander("Add a rule", expanded=not rules, key=f"new-rule {added}"):
        show_form(context, f"rule {added}", Fields(), rules, None)


def show_rule(context: Context, stored: StoredRule, rules: list[StoredRule]) -> None:
    """A rule, what can be done with it, and the form while it is changed."""
    words, change, remove = st.columns([5, 1.2, 1.2], vertical_alignment="center")
    told = rule_words(stored.rule) if stored.rule else f":orange-badge[not used] {stored.fault}"
    words.markdown(f"**{stored.name}** &nbsp; {sentence(told)}  \n:gray[{cameras_words(stored)}]")
    key = f"{stored.name} of {' '.join(stored.cameras)}"
    if stored.rule and change.button("Change", key=f"change {key}", width="stretch"):
        st.session_state[CHANGED] = key
    with remove.popover("Remove", key=f"removal {key}", width="stretch"):
        st.markdown(f"Remove the rule {stored.name}? An alert that it raised is over then.")
        removal = partial(remove_rule, context.client, stored.name, stored.cameras)
        if st.button("Remove the rule", key=f"remove {key}") and is_written(removal, words):
            finish(f"The rule {stored.name} is removed.")
    if stored.rule and st.session_state.get(CHANGED) == key:
        show_form(context, f"rule {key}", fields_of(stored.name, stored.rule), rules, stored)


def cameras_words(stored: StoredRule) -> str:
    """Which cameras have it."""
    if len(stored.cameras) <= CAMERAS_NAMED:
        return ", ".join(stored.cameras)
    sites = len(set(map(site_of, stored.cameras)))
    return f"{len(stored.cameras)} cameras of {'one site' if sites == 1 else f'{sites} sites'}"


def show_form(
    context: Context, key: str, start: Fields, rules: list[StoredRule], changed: StoredRule | None
) -> None:
    """The form that adds a rule, or changes one.

    Args:
        context: of the page.
        key: what the session knows the fields by.
        start: what they hold at first.
        rules: that there are.
        changed: of these, the one that is changed; None: another is added.
    """
    had = changed.cameras if changed else ()
    cameras = st.multiselect(
        "Cameras", context.subjects.cameras, had, key=f"{key} cameras", placeholder="Choose one or more"
    )
    missing = st.empty()
    k = max((context.sites[site_of(camera)].k for camera in cameras), default=context.site.k)
    fields, places = ask_for_rule(key, start, k, is_named=changed is not None)
    places["cameras"] = missing
    taken = {it.name for it in rules if it is not changed and not set(cameras).isdisjoint(it.cameras)}
    rule, faults = rule_of(fields, taken)
    if rule:
        st.markdown(f"Alert when: {rule_words(rule)}.")
    with st.container(horizontal=True):
        verb = "Save the rule" if changed else "Add the rule"
        is_sent = st.button(verb, key=f"save {key}")
        if changed and st.button("Cancel", key=f"cancel {key}"):
            finish("")
    if not is_sent:
        return
    if not cameras:
        faults["cameras"] = "Choose at least one camera."
    for field, fault in faults.items():
        places.get(field, places[""]).error(fault)
    if rule is None or faults:
        return
    no_longer = set(had) - set(cameras)
    saving = partial(save_rule, context.client, fields.name, rule, cameras, no_longer)
    if is_written(saving, places[""]):
        if not changed:
            st.session_state[ADDED] = st.session_state.get(ADDED, 0) + 1
        finish(f"The rule {fields.name} is {'changed' if changed else 'added'}.")


def finish(done: str) -> None:
    """Leaves the form, says what was done, and draws the page again."""
    st.session_state.pop(CHANGED, None)
    if done:
        st.session_state[DONE] = done
    st.rerun()
