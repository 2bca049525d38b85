"""Now: each camera at this moment, drawn again every other second."""

from collections.abc import Sequence
from itertools import groupby

import streamlit as st

from dashboard.cameras.now import CameraNow, camera_now
from dashboard.cameras.presence import detector_words, presence, statuses
from dashboard.cameras.rows import STYLE, camera_rows, legend, percent
from dashboard.charts.live_line import live_line
from dashboard.charts.style import emotion_bar
from dashboard.figures.recent import Recent, read_recents
from dashboard.figures.subjects import site_of
from dashboard.shell.away import AWAY_ERRORS, away_words
from dashboard.shell.context import Context, get_context, now_ms
from dashboard.shell.heading import show_no_camera
from dashboard.shell.meaning import show_meaning
from dashboard.words.alerts import sentence
from dashboard.words.basis import UNCLEAR, model_words, roughly
from dashboard.words.sentences import INDEX_HELP, few_visits, hidden_words, index_words, visits_words
from runtime.redis import Client

REFRESH_S = 2
CARDS_MOST = 6
"""More cameras than this get a line each instead of a card."""

STEP = 3
"""Windows of 10 s that make a bar of a line."""

LEAD = "What visitors' faces express, live. A face is not a feeling: this is *expressed* mood."


def show() -> None:
    """The page."""
    st.title("Now", anchor=False)
    st.caption(LEAD)
    st.html(STYLE)
    show_cameras()
    show_meaning("now")


@st.cache_data(ttl=1, show_spinner=False)
def read_now(_client: Client, cameras: tuple[str, ...]) -> tuple[dict[str, Recent], int]:
    """The last 15 minutes of ``cameras`` and when they were read; shared by all who see the same cameras."""
    read_ms = now_ms()
    return read_recents(_client, cameras, read_ms), read_ms


@st.fragment(run_every=REFRESH_S)
def show_cameras() -> None:
    """All cameras; drawn again every other second."""
    board = statuses()  # it listens before there is a camera
    try:
        context = get_context()
        cameras = context.subjects.cameras
        recents, read_ms = read_now(context.client, cameras)
    except AWAY_ERRORS as error:
        st.warning(away_words(error))
        return
    if not cameras:
        show_no_camera()
        return
    are_cards = len(cameras) <= CARDS_MOST
    step = 1 if are_cards else STEP
    seen = [
        camera_now(camera, context.sites[site_of(camera)], recents[camera], board.of(camera), read_ms, step)
        for camera in cameras
    ]
    if are_cards:
        show_cards(context, seen)
    else:
        show_rows(seen)


def show_cards(context: Context, seen: Sequence[CameraNow]) -> None:
    """A card for each camera, two beside each other."""
    for first in range(0, len(seen), 2):
        pair = seen[first : first + 2]
        for column, now in zip(st.columns(2 if len(seen) > 1 else 1), pair, strict=False):
            with column.container(border=True, height="stretch"):
                show_card(context, now)


def show_card(context: Context, now: CameraNow) -> None:
    """One camera: is it there, what is expressed now, how the last 15 minutes went."""
    simulated = " &nbsp; :violet-badge[simulated]" if now.simulated else ""
    st.markdown(f"**{now.name}** &nbsp; {presence(now.online)}{simulated}")
    if now.visits is None:
        st.markdown(f"#### {sentence(hidden_words(now.k))}")
        why = ": figures of so few stay hidden, so that nobody is singled out" if now.k > 1 else ""
        st.caption(f"{sentence(few_visits(now.k))} in the last 15 minutes{why}.")
    elif now.mood is None:
        st.markdown("#### Nobody in view")
        st.caption("The line below shows the last 15 minutes.")
    else:
        st.markdown(f"#### {now.mood.leading} &nbsp; {index_words(now.mood.index)}", help=INDEX_HELP)
        st.html(emotion_bar(now.mood))
        when = "the last 20 seconds" if now.k == 1 else "the last 15 minutes"
        st.caption(f"Expressed mood over {when}, frame-weighted: every face in every frame counts alike.")
    if now.visits is not None:
        line = live_line(now.start_ms, now.index, context.sites[site_of(now.name)].time_zone)
        st.vega_lite_chart(line, width="stretch", key=f"line {now.name}")
    st.caption(sentence(" · ".join(facts(now))))


def facts(now: CameraNow) -> list[str]:
    """What else is known of a camera."""
    told = [] if now.in_view is None else [f"{now.in_view} in view"]
    if now.visits is not None:
        told.append(f"{visits_words(now.visits)} in 15 minutes")
    told.append(f"coverage {percent(now.coverage)}")
    if now.uncertain is not None:
        told.append(f"{roughly(now.uncertain)} {UNCLEAR}")
    return [*told, *filter(None, [model_words(now.models)]), *detector_words(now.status)]


def show_rows(seen: Sequence[CameraNow]) -> None:
    """A line for each camera, by site."""
    st.html(legend())
    for site, members in groupby(seen, key=lambda now: site_of(now.name)):
        of_site = list(members)
        online = sum(now.online is True for now in of_site)
        simulated = " &nbsp; :violet-badge[simulated]" if of_site[0].simulated else ""
        read_by = model_words(sorted({model for now in of_site for model in now.models}))
        told = " · ".join(filter(None, [f"{online} of {len(of_site)} online", read_by]))
        st.markdown(f"**{site}** &nbsp; :gray[{told}]{simulated}")
        st.html(camera_rows(of_site))
    st.caption(
        "From left to right: the camera; the expression seen most, and the mood index; all seven; the index "
        "over the last 15 minutes (up from the middle: pleasant); visits and coverage of these minutes, "
        "and how many of the visits were without a clear expression."
    )
