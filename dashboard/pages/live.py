"""Live view: what a camera sees, with a box and a label on each face, where somebody at it turned that on."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import streamlit as st

from contract.events import PREVIEW_FOR_S
from dashboard.cameras.overlay import STYLE, drawing, picture_of
from dashboard.cameras.previews import PreviewBoard
from dashboard.figures.frames import read_newest_frames
from dashboard.shell.attach import start_command
from dashboard.shell.away import AWAY_ERRORS, away_words
from dashboard.shell.context import Context, get_context, is_guarded
from dashboard.shell.heading import EXAMPLE
from dashboard.shell.meaning import show_meaning
from runtime.settings import MqttSettings, load_settings

REFRESH_S = 0.5
MINUTES: Final = PREVIEW_FOR_S // 60

WHY: Final = (
    "This page shows single faces. So its picture can be turned on only at the camera: start it there with "
    "this command, and with its own source in place of 0 (a webcam). If it already runs, stop it first."
)
ENDS: Final = (
    f"The picture ends by itself {MINUTES} minutes later. "
    "Nothing of it is stored, neither here nor on the way."
)
SHOWN: Final = (
    f"The picture was turned on at the camera and ends by itself after {MINUTES} minutes. "
    "Nothing of it is stored."
)


def show() -> None:
    """The page."""
    st.title("Live view", anchor=False)
    st.caption("What a camera sees now, and what the model reads in each face.")
    st.html(STYLE)
    show_camera()
    show_meaning("live")


@st.cache_resource(on_release=PreviewBoard.close)
def board() -> PreviewBoard:
    """One listener for all visitors."""
    return PreviewBoard(load_settings(MqttSettings))


@st.fragment(run_every=REFRESH_S)
def show_camera() -> None:
    """A camera's picture, or how to get one; drawn again twice a second."""
    try:
        draw_camera(get_context())
    except AWAY_ERRORS as error:
        st.warning(away_words(error))


def draw_camera(context: Context) -> None:
    """The chosen camera; of a whole site, the first one that shows itself.

    Raises:
        RedisError: the database is away.
    """
    chosen = context.selection
    cameras = (chosen.camera,) if chosen.camera else context.subjects.of_site(chosen.site)
    arrivals = board().look(cameras)
    showing = [camera for camera in cameras if camera in arrivals]
    if not showing:
        show_how(chosen.site, cameras)
        return
    camera, *others = showing
    if picture := picture_of(arrivals[camera], read_newest_frames(context.client, camera)):
        taken = datetime.fromtimestamp(picture.preview.captured_at_ms / 1000, context.site.time_zone)
        st.html(drawing(picture))
        st.caption(f"**{camera}** at {taken:%H:%M:%S}. {SHOWN}")
    if others:
        st.caption(
            f"Choose a camera at the side to see another one that shows its picture: {', '.join(others)}."
        )


def show_how(site: str, cameras: Collection[str]) -> None:
    """Says that there is no picture, and how to turn one on.

    Args:
        site: the chosen one.
        cameras: of it, those that are looked for.
    """
    match list(cameras):
        case []:
            camera, said = EXAMPLE, "No camera has been seen yet."
        case [camera]:
            said = f"{camera} does not show its picture now."
        case [camera, *_]:
            said = f"No camera of {site} shows its picture now."
    st.info(said)
    st.markdown(WHY)
    st.code(f"{start_command(camera, is_guarded())} --preview", language=None)
    st.markdown(ENDS)
