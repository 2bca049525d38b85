"""Alerts: what is open, what is past, and the rules that raise them."""

from functools import partial

import streamlit as st

from dashboard.access.visitor import signed_in_as
from dashboard.alerts.overview import OpenAlert, PastAlert, acknowledge, read_alerts
from dashboard.alerts.rule_section import show_rules
from dashboard.figures.subjects import site_of
from dashboard.shell.away import AWAY_ERRORS, away_words, tell_unwritten, write_on_click
from dashboard.shell.context import Context, get_context
from dashboard.shell.meaning import show_meaning
from dashboard.words.alerts import alert_words, sentence
from dashboard.words.times import duration, moment

REFRESH_S = 5
PAST_SHOWN = 50


def show() -> None:
    """The page."""
    st.title("Alerts", anchor=False)
    st.caption("What your rules found. A rule looks at times, never at a single person.")
    context = get_context()
    if not context.subjects.cameras:
        st.info("No camera has been seen yet. The page “Cameras” says how to attach one.")
        return
    show_alerts()
    show_rules(context)
    show_meaning("alerts")


@st.fragment(run_every=REFRESH_S)
def show_alerts() -> None:
    """Open and past alerts; drawn again every few seconds."""
    try:
        context = get_context()
        alerts = read_alerts(context.client, context.subjects.cameras)
    except AWAY_ERRORS as error:
        st.warning(away_words(error))
        return
    unseen = [alert for alert in alerts.open if alert.seen is None]
    seen = [alert for alert in alerts.open if alert.seen]
    st.subheader(f"Open ({len(alerts.open)})" if alerts.open else "Open", anchor=False)
    if not alerts.open:
        st.success("No alert is open.")
    for alert in unseen + seen:
        show_open(context, alert)
    st.subheader("Past", anchor=False)
    if not alerts.past:
        st.caption("No alert has been raised and cleared yet.")
    st.markdown("\n\n".join(past_words(context, past) for past in alerts.past[:PAST_SHOWN]))
    if len(alerts.past) > PAST_SHOWN:
        st.caption(f"These are the latest {PAST_SHOWN}.")


def show_open(context: Context, alert: OpenAlert) -> None:
    """An open alert, and the button that says it was seen."""
    site = context.sites[site_of(alert.camera)]
    since = moment(alert.state.since_ms, context.now_ms, site.time_zone)
    lasts = duration(context.now_ms - alert.state.since_ms)
    with st.container(border=True):
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.markdown(f"**{alert.camera}** &nbsp; {badge(alert)}")
        told = alert_words(alert.told, site.k) if alert.told else f"the rule {alert.rule} is broken"
        words.markdown(sentence(told))
        words.caption(f"Rule {alert.rule} · since {since}, for {lasts}{seen_words(context, alert)}")
        key = f"ack {alert.camera} {alert.rule} {alert.state.since_ms}"
        # where it is over or raised anew by now, nothing is noted, and the page shows what is new
        note = partial(acknowledge, context.client, alert, context.now_ms, signed_in_as() or "")
        if alert.seen is None:
            # called before anything is drawn: a click that the next drawing reads is lost if another drawing
            # breaks that one off
            button.button(
                "Acknowledge", key=key, width="stretch", on_click=write_on_click, args=(note, f"not {key}")
            )
            tell_unwritten(f"not {key}", words)


def badge(alert: OpenAlert) -> str:
    """Whether somebody has seen it, as Markdown."""
    return ":gray-badge[acknowledged]" if alert.seen else ":red-badge[open]"


def seen_words(context: Context, alert: OpenAlert) -> str:
    """Who has seen it, and when."""
    if alert.seen is None:
        return ""
    when = moment(alert.seen.at_ms, context.now_ms, context.sites[site_of(alert.camera)].time_zone)
    return f" · seen {f'by {alert.seen.by} ' if alert.seen.by else ''}{when}"


def past_words(context: Context, alert: PastAlert) -> str:
    """A past alert in two lines, Markdown."""
    site = context.sites[site_of(alert.camera)]
    end = moment(alert.to_ms, context.now_ms, site.time_zone)
    if alert.raised is None or alert.from_ms is None:
        when, told = f"until {end}", f"the rule {alert.rule} was broken"
    else:
        begin, lasted = moment(alert.from_ms, context.now_ms, site.time_zone), alert.to_ms - alert.from_ms
        when = f"{begin}, for {duration(lasted)}"
        told = alert_words(alert.raised, site.k)
    return f"**{alert.camera}** &nbsp; {sentence(told)}  \n:gray[{when} · rule {alert.rule}]"
