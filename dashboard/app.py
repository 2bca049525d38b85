"""The live page. Run by ``python -m dashboard``; Streamlit runs this file anew for every visitor."""

import time

import streamlit as st
from redis.exceptions import RedisError

from dashboard.cameras import RECENT_MS, Recent, Site, list_cameras, read_recent, read_site
from dashboard.charts import emotion_bar, mood_line
from dashboard.mood import begin_where_seen, coverage, index_by_window, merge_small_cells, mood_of, signed
from dashboard.notice import notice
from dashboard.settings import DashboardSettings
from dashboard.status import StatusBoard
from runtime.errors import RedisUnavailable
from runtime.redis import Client, open_redis
from runtime.settings import MqttSettings, RedisSettings, load_settings

REFRESH_S = 2
NOW_MS = 20_000
"""Where single visits may be shown (k = 1), "now" is the last 20 seconds, else the last 15 minutes."""

SILENT_MS = 25_000
LINE_LEAST = 30
"""Windows that the line covers at least, also of a camera that is new: 5 minutes."""

INDEX_HELP = (
    "The mood index: each expression's share times how pleasant it is, from −0.73 (all sad) over 0 (all "
    "neutral) to +0.87 (all happy)."
)
STYLE = "<style>.stMainBlockContainer {padding-top: 2.5rem}</style>"
ATTACH = "python -m producer --camera shop-1/entrance --source 0"


@st.cache_resource
def settings() -> DashboardSettings:
    """What the environment says, read once."""
    return load_settings(DashboardSettings)


@st.cache_resource
def database() -> Client:
    """One connection for all visitors."""
    return open_redis(load_settings(RedisSettings))


@st.cache_resource
def statuses() -> StatusBoard:
    """One listener for all visitors."""
    return StatusBoard(load_settings(MqttSettings))


@st.cache_data(ttl=1, show_spinner=False)
def read_page() -> list[tuple[str, Site, Recent, int]]:
    """Each camera with its site, its last 15 minutes and when they were read; shared by all visitors."""
    client = database()
    now_ms = time.time_ns() // 1_000_000
    return [
        (camera, read_site(client, camera, settings()), read_recent(client, camera, now_ms), now_ms)
        for camera in list_cameras(client)
    ]


@st.fragment(run_every=REFRESH_S)
def show_cameras() -> None:
    """All cameras; drawn again every other second."""
    try:
        page = read_page()
    except (RedisError, RedisUnavailable):
        st.warning("The database does not answer at the moment. This page goes on by itself when it is back.")
        return
    if not page:
        st.info("No camera has been seen yet. Attach one:")
        st.code(ATTACH, language="shell")
        return
    if said := notice([site for _, site, _, _ in page]):
        st.info(said)
    columns = st.columns(min(2, len(page)))
    for number, (camera, site, recent, now_ms) in enumerate(page):
        with columns[number % len(columns)].container(border=True):
            show_camera(camera, site, recent, now_ms)


def show_camera(camera: str, site: Site, recent: Recent, now_ms: int) -> None:
    """One camera: is it there, what is expressed now, how the last 15 minutes went."""
    windows = recent.windows
    simulated = " &nbsp; :violet-badge[simulated]" if site.simulated else ""
    st.markdown(f"**{camera}** &nbsp; {presence(camera, recent, now_ms)}{simulated}")
    if recent.visits < site.k:
        st.markdown("#### Too few visits to show")
        st.caption(
            f"Fewer than {site.k} visits in the last 15 minutes: figures of so few stay hidden, "
            "so that nobody is singled out."
        )
        return
    span_ms = NOW_MS if site.k == 1 else RECENT_MS
    mood = mood_of(windows.rows[windows.start_ms > now_ms - span_ms])
    if mood is None:
        st.markdown("#### Nobody in view")
        st.caption("The line below shows the last 15 minutes.")
    else:
        st.markdown(f"#### {mood.leading} &nbsp; {signed(mood.index)}", help=INDEX_HELP)
        st.html(emotion_bar(mood))
        when = "the last 20 seconds" if site.k == 1 else "the last 15 minutes"
        st.caption(f"Expressed mood over {when}, frame-weighted: every face in every frame counts alike.")
    begun = begin_where_seen(windows.rows, LINE_LEAST)
    starts, cells = merge_small_cells(windows.start_ms[begun:], windows.rows[begun:], site.k)
    st.altair_chart(
        mood_line(starts, index_by_window(cells), site.time_zone), width="stretch", key=f"line {camera}"
    )
    covered = coverage(windows.start_ms, windows.rows, now_ms)
    st.caption(
        f"Last 15 minutes: {recent.visits} {'visit' if recent.visits == 1 else 'visits'} · "
        f"coverage {'not known yet' if covered is None else format(covered, '.0%')}"
    )


def presence(camera: str, recent: Recent, now_ms: int) -> str:
    """Whether the camera is there: by its own word, or, while the broker is away, by its reports."""
    status = statuses().of(camera)
    if status is None:
        heard = recent.windows.start_ms[recent.windows.column("analysed_ms") > 0]
        fresh = heard.size and heard[-1] > now_ms - SILENT_MS
        return ":green-badge[online]" if fresh else ":gray-badge[not heard of]"
    if not status.online:
        return ":red-badge[offline]"
    return f":green-badge[online] &nbsp; :gray[{status.fps:g} frames a second, {status.detector}]"


def main() -> None:
    """The page."""
    st.set_page_config(page_title="MoodLens", page_icon="🙂", layout="wide")
    st.html(STYLE)
    st.title("MoodLens", anchor=False)
    st.caption("What visitors' faces express, live. A face is not a feeling: this is *expressed* mood.")
    show_cameras()


main()
