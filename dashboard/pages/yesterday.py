"""Yesterday: the morning page, in sentences, and as a sheet of paper."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import streamlit as st

from contract.windows import Resolution
from dashboard.charts.drawn import drawn_of
from dashboard.charts.timeline import make_timeline, with_usual
from dashboard.figures.breakdowns import by_hour_of_week, daily
from dashboard.figures.correction import versions
from dashboard.figures.downloads import table_of
from dashboard.figures.periods import PERIODS, Span, days_before, local_day
from dashboard.figures.queries import Answer, Question, answer
from dashboard.notes.incidents import alerts_of, notes_of, outages_of
from dashboard.shell.context import Context, get_context
from dashboard.shell.downloads import show_downloads
from dashboard.shell.figure_row import Figure, show_figures
from dashboard.shell.heading import about, show_heading
from dashboard.shell.meaning import show_meaning
from dashboard.shell.paper import show_print
from dashboard.words.basis import TITLE, Basis, basis_words
from dashboard.words.morning import (
    ATTENTION,
    DWELL,
    MEASURED,
    MOOD,
    VISITS,
    WEEKS,
    Measured,
    Usual,
    changes,
    headline,
    hours_words,
    usual,
)
from dashboard.words.sentences import (
    ATTENTION_HELP,
    DWELL_HELP,
    INDEX_HELP,
    coverage_words,
    few_visits,
    known,
)
from dashboard.words.times import day as day_words

TITLES = {
    VISITS: ("Visits", ""),
    MOOD: ("Mood index", INDEX_HELP),
    DWELL: ("Mean dwell", DWELL_HELP),
    ATTENTION: ("Attention", ATTENTION_HELP),
}


def show() -> None:
    """The page."""
    context = get_context()
    zone = context.site.time_zone
    span = PERIODS["yesterday"].span(context.now_ms, zone)
    day = local_day(span.from_ms, zone)
    title = f"{day:%A} {day_words(day)} {day:%Y}"
    show_heading("Yesterday", "How the day went, against what is usual.", context, title)
    earlier = Span(days_before(span.from_ms, 7 * WEEKS, zone), span.from_ms)
    by_day = daily(ask(context, Span(earlier.from_ms, span.to_ms), Resolution.DAY))
    hours = ask(context, span, Resolution.HOUR)
    today = by_day[by_day["date"] == day]
    is_told = bool(today["visits"].sum())
    if not is_told:
        few = few_visits(context.site.k)
        st.info(f"There were {few} on this day, or no camera looked. “Trends” shows the days before.")
    else:
        models = sorted(versions(context.client, context.chosen_cameras, span))
        show_day(by_day, day, models)
        show_hours(context, hours, earlier, day)
    show_incidents(context, span)
    if is_told:
        show_downloads(table_of(hours), "yesterday", about(context), day.isoformat())
    show_print()
    show_meaning("yesterday")


def ask(context: Context, span: Span, resolution: Resolution) -> Answer:
    """The figures of a span."""
    question = Question(context.selection, resolution, span)
    return answer(context.store, context.subjects, context.site, question, context.now_ms)


def show_day(by_day: pd.DataFrame, day: date, models: Sequence[str]) -> None:
    """The day as a whole: in sentences, in figures, and what was different.

    Args:
        by_day: of ``breakdowns.daily``, with the day and the weeks before.
        day: the day.
        models: versions that read its faces.
    """
    line = by_day[by_day["date"] == day].iloc[0]
    values = {measured.column: float(line[measured.column]) for measured in MEASURED}
    usuals = {measured.column: usual(by_day, day, measured) for measured in MEASURED}
    with st.container(key="lead"):
        st.markdown(headline(values, usuals, f"{day:%A}"))
    show_figures("yesterday", (figure_of(measured, values, usuals) for measured in MEASURED))
    if said := coverage_words(float(line["coverage"])):
        st.caption(said)
    st.caption(f"**{TITLE}:** {basis_words(Basis.of_line(line, models))}.")
    st.subheader("What was different", anchor=False)
    show_list(changes(values, usuals, f"{day:%A}"))


def figure_of(measured: Measured, values: Mapping[str, float], usuals: Mapping[str, Usual | None]) -> Figure:
    """A figure of the day beside what is usual."""
    title, meaning = TITLES[measured]
    is_usual = usuals[measured.column]
    beside = f"usual: {measured.tell(is_usual.mean)}" if is_usual else ""
    return Figure(title, known(values[measured.column], measured.tell), beside, meaning)


def show_hours(context: Context, hours: Answer, earlier: Span, day: date) -> None:
    """The day by the hour, beside the same hours of that weekday."""
    st.subheader("Hour by hour", anchor=False)
    show_list(hours_words(drawn_of(hours).frame(), context.site.time_zone))
    of_week = by_hour_of_week(ask(context, earlier, Resolution.HOUR))
    timeline = make_timeline(hours, shown=open_span(hours))
    timeline = with_usual(timeline, of_week[of_week["weekday"] == day.weekday()], day)
    grey = f"; grey: usual on a {day:%A}" if timeline.before else ""
    left, right = st.columns(2, gap="large")
    with left:
        st.caption(f"Visits an hour{grey}")
        st.altair_chart(timeline.rate(), key="hours visits", alt="Visits by the hour")
    with right:
        st.caption(f"Mood index with its 95% band{grey}")
        st.altair_chart(timeline.index(), key="hours mood", alt="The mood index by the hour")


def open_span(hours: Answer) -> Span:
    """From the first to the last hour in which the site was open, or somebody was seen."""
    span, cells = hours.question.span, hours.cells
    stretches = hours.site.hours.stretches(span.from_ms, span.to_ms, hours.site.time_zone)
    begins = [begin_ms for begin_ms, _ in stretches] + cells.from_ms.tolist()
    ends = [end_ms for _, end_ms in stretches] + cells.to_ms.tolist()
    return Span(min(begins), max(ends))


def show_incidents(context: Context, span: Span) -> None:
    """Alerts, outages and events of the day."""
    cameras = context.chosen_cameras
    st.subheader("Alerts and outages", anchor=False)
    told = [*alerts_of(context, cameras, span), *outages_of(context, cameras, span)]
    show_list(told or ["No alert, and no outage."])
    if notes := notes_of(context, cameras, span):
        st.subheader("Marked events", anchor=False)
        show_list(notes)


def show_list(sentences: Sequence[str]) -> None:
    """Sentences below each other."""
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
