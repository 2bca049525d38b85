"""Cameras: are they well, and how is one attached."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from contract import row
from contract.windows import Resolution
from dashboard.access.visitor import allowed_sites
from dashboard.cameras.health import CameraHealth, account_of, is_online
from dashboard.cameras.health_rows import health_rows
from dashboard.cameras.outages import RESOLUTION, stretches
from dashboard.cameras.presence import statuses
from dashboard.cameras.reports import Heard, Refusal, clock_words, read_heard, read_refusals, refusal_words
from dashboard.cameras.rows import STYLE
from dashboard.figures.breakdowns import by_camera
from dashboard.figures.models import read_models
from dashboard.figures.periods import PERIODS
from dashboard.figures.queries import Question, answer
from dashboard.figures.recent import read_last_looks
from dashboard.figures.selection import Selection
from dashboard.figures.sites import Site
from dashboard.figures.subjects import site_of
from dashboard.shell.attach import attach_commands
from dashboard.shell.away import AWAY_ERRORS, away_words
from dashboard.shell.context import Context, get_context, is_guarded
from dashboard.shell.meaning import show_meaning
from runtime.windows import Windows

LEAD = (
    "Whether each camera is there and looks, and what became of its frames. A strip is the last 24 hours: "
    "high where the camera looked, low where it did for a part of the time, dashed where it should have and "
    "did not, hatched while the site was closed or nothing had been heard of the camera yet."
)
REFRESH_S = 10
LOOKED_BACK_MS = 24 * 3_600_000


def show() -> None:
    """The page."""
    st.title("Cameras", anchor=False)
    st.caption(LEAD)
    st.html(STYLE)
    show_health()
    show_attach(get_context().subjects.sites())
    show_meaning("cameras")


@st.fragment(run_every=REFRESH_S)
def show_health() -> None:
    """All cameras by site; drawn again every ten seconds."""
    try:
        draw_health(get_context())
    except AWAY_ERRORS as error:
        st.warning(away_words(error))


def draw_health(context: Context) -> None:
    """All cameras by site.

    Raises:
        RedisError: the database is away.
    """
    if not context.subjects.cameras:
        st.info("No camera has been seen yet. Attach one as below.")
    heard = read_heard(context.client, context.subjects.cameras, context.now_ms)
    refusals = read_refusals(context.client, context.now_ms)
    show_strangers(context, refusals)
    for name in context.subjects.sites():
        site = context.sites[name]
        cameras = read_health(context, site, heard, refusals)
        online = sum(is_online(camera, context.now_ms) is True for camera in cameras)
        st.markdown(f"#### {name} &nbsp; :small[:gray[{online} of {len(cameras)} online]]")
        st.html(health_rows(cameras, context.now_ms, site.time_zone))


def read_health(
    context: Context, site: Site, heard: dict[str, Heard], refusals: dict[str, Refusal]
) -> list[CameraHealth]:
    """What is known of the cameras of a site today."""
    now_ms = context.now_ms
    cameras = context.subjects.of_site(site.name)
    today = Question(
        Selection(site.name, period="today"),
        Resolution.QUARTER,
        PERIODS["today"].span(now_ms, site.time_zone),
    )
    answered = answer(context.store, context.subjects, site, today, now_ms)
    coverage = by_camera(answered).set_index("camera")["coverage"]
    accounts = {part.subject: account_of(part.cells.rows.sum(axis=0)) for part in answered.parts}
    day = context.store.read(cameras, RESOLUTION, now_ms - LOOKED_BACK_MS, now_ms, site.time_zone)
    last = last_heard(context, cameras, heard, day)
    models = read_models(context.client, cameras, today.span)
    return [
        CameraHealth(
            name=camera,
            status=statuses().of(camera),
            heard_ms=last.get(camera),
            remarks=remarks(heard.get(camera), refusals.get(camera)),
            coverage=None if pd.isna(coverage[camera]) else float(coverage[camera]),
            account=accounts[camera],
            seen=stretches(day[camera], site.hours, site.time_zone, now_ms),
            models=models[camera] if accounts[camera] else (),
        )
        for camera in cameras
    ]


def remarks(heard: Heard | None, refusal: Refusal | None) -> tuple[str, ...]:
    """What is to be said of a camera's clock and of what is refused."""
    return tuple(filter(None, (clock_words(heard, refusal), refusal_words(refusal))))


def show_strangers(context: Context, refusals: dict[str, Refusal]) -> None:
    """Cameras of which all was refused: they have no figures, so nobody would know of them."""
    allowed = allowed_sites()
    for camera, refusal in refusals.items():
        is_mine = allowed is None or site_of(camera) in allowed
        if is_mine and camera not in context.subjects.cameras:
            st.warning(f"**{camera}**: {', '.join(remarks(None, refusal))}")


def last_heard(
    context: Context, cameras: Sequence[str], heard: dict[str, Heard], day: dict[str, Windows]
) -> dict[str, int]:
    """When cameras were last heard of, UTC: by what stands in the streams, or by their windows."""
    silent = {}
    for camera in cameras:
        looked = np.flatnonzero(day[camera].rows[:, row.ANALYSED_MS])
        if camera not in heard and looked.size:
            silent[camera] = int(day[camera].start_ms[looked[-1]])
    by_report = {camera: heard[camera].at_ms for camera in cameras if camera in heard}
    return silent | read_last_looks(context.client, silent) | by_report


def show_attach(sites: Sequence[str]) -> None:
    """How to attach a camera.

    Args:
        sites: names of those that the person may see.
    """
    st.subheader("Attach a camera", anchor=False)
    place = st.container()
    site = st.selectbox("Site of the new camera", sites, key="attach-site") if len(sites) > 1 else None
    place.markdown(how_to_attach(is_guarded()))
    st.code(attach_commands(f"{site or next(iter(sites), 'shop-1')}/name", is_guarded()), language=None)
    st.caption(
        "`--source` is a webcam's number, an RTSP or HTTP address, a video file or a folder of pictures. The "
        "camera shows here within half a minute."
    )


def how_to_attach(is_guarded: bool) -> str:
    """What is said before the commands that attach a camera, Markdown."""
    there = (
        "the machine that has the camera, with MoodLens installed there (README, “A server, and a camera”)"
    )
    if not is_guarded:
        words = f"On {there}, `MOODLENS_MQTT_HOST` set to this system's broker, and a name of its own"
        return f"{words} in place of `name`:"
    return f"On the server, let it in under a name of its own in place of `name`; take `name.env` to {there}:"
