"""What a page of figures begins with, and what it is where there are none."""

from datetime import datetime
from typing import Final

import streamlit as st

from contract.windows import Resolution
from dashboard.figures.sites import Site
from dashboard.shell.attach import attach_commands
from dashboard.shell.context import Context, is_guarded
from dashboard.shell.filters import ALL_CAMERAS
from dashboard.words.kept import kept_words
from dashboard.words.sentences import few_visits
from dashboard.words.times import day

EXAMPLE: Final = "shop-1/entrance"


def show_heading(title: str, lead: str, context: Context, when: str) -> None:
    """A page's title, what it shows, of whom and when: filters may be out of sight, or the page on paper.

    Args:
        title: of the page.
        lead: one sentence.
        context: of the page.
        when: the period.
    """
    st.title(title, anchor=False)
    st.caption(f"{lead}  \n**{about(context)}** · {when} · {as_of(context)}")


def about(context: Context) -> str:
    """Whom the figures of a page are about."""
    chosen = context.selection
    camera = chosen.camera.partition("/")[2] or ALL_CAMERAS.lower()
    return f"{chosen.site}, {camera}{f', {chosen.zone}' if chosen.zone else ''}"


def as_of(context: Context) -> str:
    """When it is there now."""
    now = datetime.fromtimestamp(context.now_ms / 1000, context.site.time_zone)
    return f"as of {now:%a} {day(now.date())}, {now:%H:%M}, {context.site.time_zone} time"


def show_kept(site: Site, resolution: Resolution, from_ms: int, now_ms: int) -> None:
    """What of a stretch that begins then (UTC) the site has forgotten, if it has."""
    if told := kept_words(site, resolution, from_ms, now_ms):
        st.caption(told)


def show_no_camera() -> None:
    """What to do where there is no camera yet."""
    st.info("No camera has been seen yet. Attach one:")
    st.code(attach_commands(EXAMPLE, is_guarded()), language=None)


def show_nothing(context: Context) -> None:
    """What to do where there are no figures."""
    st.info(
        f"There were {few_visits(context.site.k)}, or no camera looked. Choose a longer period or "
        "another camera; the page “Cameras” tells which of them look."
    )
