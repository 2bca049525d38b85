"""What a page is given: where the figures are, what may be seen of them, and what is chosen."""

import time
from dataclasses import dataclass
from typing import Final

import streamlit as st

from dashboard.access.visitor import allowed_sites
from dashboard.figures.selection import Selection
from dashboard.figures.sites import Site, read_sites
from dashboard.figures.store import WindowStore, read_generation
from dashboard.figures.subjects import Subjects, camera_of, read_subjects
from dashboard.settings import DashboardSettings
from runtime.redis import Client, open_redis
from runtime.settings import RedisSettings, load_settings

FILTERS: Final = ("site", "camera", "zone", "period")
"""Keys of the sidebar's filters, in the page's address and in the session."""

FRESH_S: Final = 1.0
"""So long, sites and cameras are not read again."""


@dataclass(frozen=True, slots=True)
class Directory:
    """What there is to be seen.

    Attributes:
        subjects: cameras and zones.
        sites: settings of their sites, by name.
        erasures: how many there have been; pages drawn before the last one are drawn anew.
    """

    subjects: Subjects
    sites: dict[str, Site]
    erasures: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """What a page is given.

    Attributes:
        client: Redis.
        store: windows.
        subjects: cameras and zones that the person before the page may see.
        sites: settings of their sites, by name.
        selection: what is chosen in the sidebar.
        now_ms: UTC.
    """

    client: Client
    store: WindowStore
    subjects: Subjects
    sites: dict[str, Site]
    selection: Selection
    now_ms: int

    @property
    def site(self) -> Site:
        """The chosen one; there is one where there is a camera."""
        return self.sites[self.selection.site]

    @property
    def chosen_cameras(self) -> list[str]:
        """``site/camera`` of all that is chosen, a zone's too; sorted."""
        return sorted({camera_of(subject) for subject in self.selection.subjects(self.subjects)})


def get_context() -> Context:
    """The context of this run of a page.

    Raises:
        RedisUnavailable, RedisError: the database is away; the shell of the page tells so and goes on.
    """
    directory = read_directory()
    chosen = {name: str(st.session_state.get(name) or "") for name in FILTERS}
    return Context(
        client=database(),
        store=window_store(),
        subjects=directory.subjects,
        sites=directory.sites,
        selection=Selection.from_query(chosen, directory.subjects),
        now_ms=now_ms(),
    )


def read_directory() -> Directory:
    """What the person before the page may see.

    Raises:
        RedisUnavailable, RedisError: the database is away.
    """
    everything = _read_everything()
    allowed = allowed_sites()
    if allowed is None:
        return everything
    sites = {name: site for name, site in everything.sites.items() if name in allowed}
    return Directory(everything.subjects.only(allowed), sites, everything.erasures)


@st.cache_resource
def settings() -> DashboardSettings:
    """What the environment says, read once."""
    return load_settings(DashboardSettings)


def is_guarded() -> bool:
    """Whether people must sign in, as on a server, which lets cameras in one by one, too."""
    return bool(settings().users_file)


@st.cache_resource
def database() -> Client:
    """One connection for all visitors."""
    return open_redis(load_settings(RedisSettings))


@st.cache_resource
def window_store() -> WindowStore:
    """One for all visitors."""
    return WindowStore(database(), now_ms)


def now_ms() -> int:
    """UTC."""
    return time.time_ns() // 1_000_000


@st.cache_resource(ttl=FRESH_S, show_spinner=False)
def _read_everything() -> Directory:
    subjects = read_subjects(database())
    sites = read_sites(database(), subjects.sites(), settings())
    return Directory(subjects, sites, read_generation(database()))
