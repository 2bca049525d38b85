"""Compare: cameras and sites ranked, whatever their opening hours."""

from collections.abc import Sequence
from dataclasses import replace

import altair as alt
import pandas as pd
import streamlit as st

from contract.windows import Resolution
from dashboard.charts.ranks import MOOD, RANKED, VISITS, Ranked, rank_chart, ranking
from dashboard.charts.timeline import Timeline, ends_from_zero, index_ends, make_timeline
from dashboard.figures.breakdowns import by_camera
from dashboard.figures.models import read_models
from dashboard.figures.places import cameras_of, sites_of, zones_of
from dashboard.figures.queries import Answer, Question, answer, answer_zones
from dashboard.figures.selection import Selection
from dashboard.figures.subjects import site_of
from dashboard.shell.context import Context, get_context
from dashboard.shell.downloads import show_downloads
from dashboard.shell.heading import show_kept, show_nothing
from dashboard.shell.meaning import show_meaning
from dashboard.words.basis import TITLE, Basis, basis_words

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
    for given in answers:
        show_kept(given.site, period.resolution, given.question.span.from_ms, context.now_ms)
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
    if zones := ask_zones(context, period.resolution):
        st.subheader("Zones", anchor=False)
        show_ranking(zones_of(zones), ranked, "zones")
    show_basis(context, answers)
    show_each(context, ranking(cameras, ranked)["place"].tolist(), ranked)
    show_downloads(cameras, "cameras", period.title)
    show_meaning("compare")


def ask(context: Context, selection: Selection, resolution: Resolution) -> Answer:
    """The figures of a site, or of one camera, over the chosen period."""
    site = context.sites[selection.site]
    question = question_of(context, selection, resolution)
    return answer(context.store, context.subjects, site, question, context.now_ms)


def ask_zones(context: Context, resolution: Resolution) -> list[Answer]:
    """The figures of every zone of every camera over the chosen period."""
    subjects, answers = context.subjects, []
    for camera in filter(subjects.zones, subjects.cameras):
        site = context.sites[site_of(camera)]
        question = question_of(context, Selection(site.name, camera), resolution)
        answers += answer_zones(context.store, subjects, site, question, context.now_ms)
    return answers


def question_of(context: Context, selection: Selection, resolution: Resolution) -> Question:
    """What is asked of a site or a camera: over the chosen period, by that site's clock."""
    zone = context.sites[selection.site].time_zone
    return Question(selection, resolution, context.selection.chosen_period.span(context.now_ms, zone))


def show_basis(context: Context, answers: Sequence[Answer]) -> None:
    """What the figures of each camera rest on."""
    told = []
    for given in answers:
        models = read_models(context.client, context.subjects.of_site(given.site.name), given.question.span)
        told += [
            f"- **{line['camera']}**: {words}"
            for line in by_camera(given).to_dict("records")
            if (words := basis_words(Basis.of_line(line, models[line["camera"]])))
        ]
    with st.popover(TITLE):
        st.markdown("\n".join(told))


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
    period = context.selection.chosen_period
    resolution = Resolution.DAY if period.days > 1 else Resolution.HOUR
    if period.hours == 1:
        resolution = Resolution.QUARTER
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
