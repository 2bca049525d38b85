"""The filters in the sidebar: site, camera, zone, period; Streamlit keeps them in the page's address."""

from collections.abc import Collection, Sequence
from typing import Final

import streamlit as st

from dashboard.figures.periods import PERIODS
from dashboard.figures.selection import DEFAULT_PERIOD
from dashboard.figures.subjects import Subjects

ALL_CAMERAS: Final = "All cameras"
ALL_ZONES: Final = "All that it sees"


def show_filters(subjects: Subjects, used: Collection[str]) -> None:
    """Draws the filters; their choice is in ``st.session_state``, under ``context.FILTERS``.

    Those that the page does not use are drawn, too, and hidden: one that is not drawn is forgotten. A camera
    that the site does not have is no longer chosen, but its name may stay in the address: taking it out from
    here would be a step of its own in the browser's history.

    Args:
        subjects: what may be chosen, at least one camera.
        used: names of the filters that the page uses.
    """
    sites = subjects.sites()
    settled = _settle_site(sites)
    with _place("site", used if len(sites) > 1 else ()):
        # without a default, the address names every site that somebody chose
        chosen = st.selectbox("Site", sites, index=None, required=True, key="site", bind="query-params")
    site = chosen or settled  # nothing where history goes back to an address that names none
    cameras = [camera.partition("/")[2] for camera in subjects.of_site(site)]
    with _place("camera", used):
        camera = st.selectbox(
            "Camera",
            ["", *cameras],
            format_func=lambda name: name or ALL_CAMERAS,
            key="camera",
            bind="query-params",
        )
    zones = subjects.zones(f"{site}/{camera}")
    with _place("zone", used if zones else ()):
        st.selectbox(
            "Zone",
            ["", *zones],
            format_func=lambda name: name or ALL_ZONES,
            key="zone",
            bind="query-params",
        )
    with _place("period", used):
        st.selectbox(
            "Period",
            list(PERIODS),
            index=list(PERIODS).index(DEFAULT_PERIOD),
            format_func=lambda key: PERIODS[key].title,
            filter_mode=None,
            key="period",
            bind="query-params",
        )


def _settle_site(sites: Sequence[str]) -> str:
    """The chosen site; the first one where neither the session nor the address names one that there is."""
    asked = st.session_state.get("site") or st.query_params.get("site")
    if asked in sites:
        return str(asked)
    st.session_state["site"] = sites[0]
    return sites[0]


def _place(name: str, used: Collection[str]) -> "st.delta_generator.DeltaGenerator":
    return st.container(key=f"{'filter' if name in used else 'hidden'}-{name}")
