"""Heatmap: the hours of the week, for mood, visits and dwell."""

import pandas as pd
import streamlit as st

from contract.windows import Resolution
from dashboard.charts.hour_map import DWELL, MOOD, VISITS, extremes, hour_map
from dashboard.figures.breakdowns import by_hour_of_week
from dashboard.figures.periods import PERIODS, Period
from dashboard.figures.queries import Question, answer
from dashboard.shell.context import Context, get_context
from dashboard.shell.downloads import show_downloads
from dashboard.shell.heading import about, show_heading, show_kept, show_nothing
from dashboard.shell.meaning import show_meaning
from dashboard.words.sentences import DWELL_HELP, INDEX_HELP

FALLBACK = PERIODS["28d"]
"""What is shown where the chosen period does not have every weekday."""

MAPS = (("Expressed mood", MOOD, INDEX_HELP), ("Visits", VISITS, ""), ("Dwell", DWELL, DWELL_HELP))


def show() -> None:
    """The page."""
    context = get_context()
    chosen = context.selection.chosen_period
    period = chosen if chosen.days >= 7 else FALLBACK
    lead = "Which hours of the week are busy, and what faces show then."
    show_heading("Heatmap", lead, context, period.title.lower())
    if period is not chosen:
        st.caption(f"“{chosen.title}” does not have all weekdays, so this is {period.title.lower()}.")
    from_ms = period.span(context.now_ms, context.site.time_zone).from_ms
    show_kept(context.site, Resolution.HOUR, from_ms, context.now_ms)
    hours = ask(context, period)
    if not hours["visits"].notna().any():
        show_nothing(context)
        return
    for title, mapped, meaning in MAPS:
        st.subheader(title, anchor=False, help=meaning or None)
        if hours[mapped.column].isna().all():
            st.caption("There were no visits while the site was open.")
            continue
        st.caption(f"{mapped.title}. {extremes(hours, mapped)}")
        chart = hour_map(hours, mapped)
        st.altair_chart(chart, key=f"map {mapped.column}", alt=f"{title} by weekday and hour")
    show_downloads(hours.dropna(subset=["visits"]), "hours of the week", about(context), period.title)
    show_meaning("heatmap")


def ask(context: Context, period: Period) -> pd.DataFrame:
    """The hours of the week, of ``breakdowns.by_hour_of_week``."""
    span = period.span(context.now_ms, context.site.time_zone)
    question = Question(context.selection, Resolution.HOUR, span)
    return by_hour_of_week(answer(context.store, context.subjects, context.site, question, context.now_ms))
