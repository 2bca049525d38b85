"""Compare: cameras and sites ranked, whatever their opening hours."""

from collections.abc import Sequence
from dataclasses import replace

import altair as alt
import pandas as pd
import streamlit as st

from contract.windows import Resolution
from dashboard.context import Context, get_context
from dashboard.downloads import show_downloads
from dashboard.heading import show_nothing
from dashboard.meaning import show_meaning
from dashboard.places import cameras_of, sites_of
from dashboard.queries import Answer, Question, answer
from dashboard.rank_chart import MOOD, RANKED, VISITS, Ranked, rank_chart, ranking
from dashboard.selection import Selection
from dashboard.subjects import site_of
from dashboard.timeline import Timeline, ends_from_zero, index_ends, make_timeline

SHOWN_MOST = 12
"""Cameras that are drawn one by one, unless all are asked for."""

IN_A_ROW = 3
SMALL_PX = 120


def show() -> None:
    """The page."""
    context = get_context()
    period = context.selection.chosen_period
    st.title("Compare", anchor=False)
    st.caption(
        f"Cameras and sites side by side, {period.title.lower()}. Visits are counted for each hour in which "
        "the site was open and a camera looked."
    )
    answers = [ask(context, Selection(site), period.resolution) for site in context.subjects.sites()]
    cameras = cameras_of(answers)
    if not (cameras["visits"] > 0).any():
        show_nothing(context)
        return
    title = st.segmented_control(
        "Ranked by", list(RANKED), default=MOOD.title, required=True, key="by", bind="query-params"
    )
    ranked = RANKED[title or MOOD.title]
    if len(answers) > 1:
        st.subheader("Sites", anchor=False)
        show_ranking(sites_of(answers), ranked, "sites")
    st.subheader("Cameras", anchor=False)
    show_ranking(cameras, ranked, "cameras")
    show_each(context, ranking(cameras, ranked)["place"].tolist(), ranked)
    show_downloads(cameras, "cameras", period.title)
    show_meaning("compare")


def ask(context: Context, selection: Selection, resolution: Resolution) -> Answer:
    """The figures of a site, or of one camera, over the chosen period."""
    site = context.sites[selection.site]
    span = context.selection.chosen_period.span(context.now_ms, site.time_zone)
    question = Question(selection, resolution, span)
    return answer(context.store, context.subjects, site, question, context.now_ms)


def show_ranking(places: pd.DataFrame, ranked: Ranked, name: str) -> None:
    """Places, the highest first, and those of which the figure is not known."""
    known = ranking(places, ranked)
    if len(known):
        told = ", ".join(
            f"{place} {ranked.tell(value)}"
            for place, value in zip(known["place"], known[ranked.column], strict=True)
        )
        st.altair_chart(rank_chart(known, ranked), key=f"ranked {name}", alt=f"{ranked.title}: {told}")
    left_out = sorted(set(places["place"]) - set(known["place"]))
    if left_out:
        st.caption(f"Not known, or of too few visits: {', '.join(left_out)}.")


def show_each(context: Context, cameras: Sequence[str], ranked: Ranked) -> None:
    """A small chart of each camera over time, all with the same axes, in the order of the ranking."""
    if not cameras:
        return
    st.subheader("One by one", anchor=False)
    st.caption(f"{ranked.title} over time, all to the same scale.")
    shown = cameras
    if len(cameras) > SHOWN_MOST and not st.toggle(
        f"Show all {len(cameras)} cameras", key="all", bind="query-params"
    ):
        shown = cameras[:SHOWN_MOST]
    resolution = Resolution.DAY if context.selection.chosen_period.days > 1 else Resolution.HOUR
    timelines = [make_timeline(ask(context, Selection(site_of(name), name), resolution)) for name in shown]
    ends = index_ends(timelines) if ranked is MOOD else ends_from_zero(timelines, column_of(ranked))
    for first in range(0, len(shown), IN_A_ROW):
        for column, at in zip(
            st.columns(IN_A_ROW), range(first, min(first + IN_A_ROW, len(shown))), strict=False
        ):
            small = replace(timelines[at], height=SMALL_PX, ends=ends)
            with column:
                st.markdown(f"**{shown[at]}**")
                chart = draw(small, ranked)
                st.altair_chart(
                    chart, key=f"small {shown[at]}", alt=f"{ranked.title} of {shown[at]} over time"
                )


def draw(timeline: Timeline, ranked: Ranked) -> alt.LayerChart:
    """The chart over time of what places are ranked by."""
    if ranked is MOOD:
        return timeline.index()
    if ranked is VISITS:
        return timeline.rate()
    return timeline.line(ranked.column, ranked.title, "%" if ranked.column == "attention" else ",~f")


def column_of(ranked: Ranked) -> str:
    """What a chart over time draws of it: visits are as many as there were, not for each open hour."""
    return "rate" if ranked is VISITS else ranked.column
