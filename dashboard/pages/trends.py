"""Trends: how mood and visits went over a period, against the one before."""

import streamlit as st

from contract.windows import Resolution
from dashboard.charts.timeline import Timeline, make_timeline
from dashboard.figures.breakdowns import by_camera
from dashboard.figures.correction import versions
from dashboard.figures.downloads import table_of
from dashboard.figures.intervals import change
from dashboard.figures.queries import Answer, Question, answer
from dashboard.figures.totals import totals_of
from dashboard.pages.share_section import show_shares
from dashboard.shell.context import Context, get_context
from dashboard.shell.downloads import show_downloads
from dashboard.shell.figure_row import Figure, show_figures
from dashboard.shell.heading import about, show_heading, show_kept, show_nothing
from dashboard.shell.meaning import show_meaning
from dashboard.words.basis import TITLE, Basis, basis_words
from dashboard.words.sentences import (
    ATTENTION_HELP,
    BEFORE,
    DWELL_HELP,
    INDEX_HELP,
    amount_change,
    count_change,
    coverage_words,
    index_change,
    index_words,
    known,
    mood_words,
    percent,
    points,
    seconds,
)

LOOKED_ALIKE = 0.8
"""Numbers of visits are compared where neither period has less than this share of the other's time."""

PER = {Resolution.QUARTER: "an hour", Resolution.HOUR: "an hour", Resolution.DAY: "a day"}


def show() -> None:
    """The page."""
    context = get_context()
    period = context.selection.chosen_period
    before_words = BEFORE[period.key]
    now, before = ask(context)
    show_heading("Trends", f"How it went, against {before_words}.", context, period.title.lower())
    show_kept(context.site, period.resolution, before.question.span.from_ms, context.now_ms)
    if not totals_of(now.total).visits:
        show_nothing(context)
        return
    show_totals(now, before, before_words)
    timeline = make_timeline(now, before)
    grey = f"; grey: {before_words}" if timeline.before else ""
    st.subheader("Expressed mood", anchor=False, help=INDEX_HELP)
    st.caption(
        f"On the whole {mood_words(totals_of(now.total).index)}. The mood index with its 95% band{grey}. "
        "Shaded: no camera looked."
    )
    st.altair_chart(timeline.index(), key="index", alt="The mood index over time, with its 95% band")
    basis = st.container()
    st.subheader("Visits", anchor=False)
    st.caption(f"Visits {PER[period.resolution]}: what the figures above and below rest on{grey}.")
    st.altair_chart(timeline.rate(), key="visits", alt="Visits over time")
    is_corrected = show_shares(context, now, timeline)
    with basis:
        show_basis(context, now, is_corrected)
    show_lengths(timeline, grey)
    show_downloads(table_of(now), "trends", about(context), period.title)
    show_meaning("trends")


def ask(context: Context) -> tuple[Answer, Answer]:
    """The figures of the period and of the one before."""
    period, zone = context.selection.chosen_period, context.site.time_zone
    span = period.span(context.now_ms, zone)
    now, before = (
        answer(
            context.store,
            context.subjects,
            context.site,
            Question(context.selection, period.resolution, asked),
            context.now_ms,
        )
        for asked in (span, period.previous(span, zone))
    )
    return now, before


def show_totals(now: Answer, before: Answer, before_words: str) -> None:
    """The figures of the whole period, each with how it changed."""
    total, earlier = totals_of(now.total), totals_of(before.total)
    comparable = is_comparable(now, before)
    show_figures(
        "trends",
        (
            Figure(
                "Visits",
                f"{total.visits:,}",
                count_change(total.visits, earlier.visits) if comparable else "",
            ),
            Figure(
                "Mood index",
                known(total.index, index_words),
                index_change(change(now.total, before.total)),
                INDEX_HELP,
            ),
            Figure(
                "Mean dwell",
                known(total.dwell_s, seconds),
                amount_change(total.dwell_s, earlier.dwell_s, seconds),
                DWELL_HELP,
            ),
            Figure(
                "Attention",
                known(total.attention, percent),
                amount_change(total.attention, earlier.attention, points),
                ATTENTION_HELP,
            ),
        ),
    )
    if not earlier.visits:
        st.caption(f"There are no figures of {before_words}.")
    elif not comparable:
        st.caption(
            f"Cameras did not look for as long in {before_words}, so the number of visits is not compared."
        )
    if said := coverage_words(float(by_camera(now)["coverage"].mean())):
        st.caption(said)


def is_comparable(now: Answer, before: Answer) -> bool:
    """Whether cameras looked for about as long in both periods."""
    looked, looked_before = (int(given.hours.open_ms[given.counted].sum()) for given in (now, before))
    return LOOKED_ALIKE * looked <= looked_before and LOOKED_ALIKE * looked_before <= looked


def show_basis(context: Context, now: Answer, is_corrected: bool) -> None:
    """What the mood of the whole period rests on."""
    models = sorted(versions(context.client, context.chosen_cameras, now.question.span))
    coverage = float(by_camera(now)["coverage"].mean())
    told = basis_words(Basis.of_total(now.total, coverage, models, is_corrected))
    st.caption(f"**{TITLE}:** {told}.")


def show_lengths(timeline: Timeline, grey: str) -> None:
    """Dwell and attention over time."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Dwell", anchor=False, help=DWELL_HELP)
        st.caption(f"Mean length of a visit, seconds{grey}.")
        st.altair_chart(
            timeline.line("dwell_s", "Mean dwell", ",~f"), key="dwell", alt="Mean dwell over time"
        )
    with right:
        st.subheader("Attention", anchor=False, help=ATTENTION_HELP)
        st.caption(f"Share of that time spent facing the camera{grey}.")
        st.altair_chart(
            timeline.line("attention", "Attention", "%"), key="attention", alt="Attention over time"
        )
