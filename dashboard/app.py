"""The shell of all pages: menu, filters, and what is said on all of them."""

from html import escape
from typing import Final

import streamlit as st
from redis.exceptions import RedisError

from dashboard.access import sign_out_link, signed_in_as
from dashboard.away import AWAY
from dashboard.context import Directory, read_directory
from dashboard.filters import show_filters
from dashboard.heading import show_no_camera
from dashboard.menu import MENU, PageEntry
from dashboard.notice import notice
from dashboard.theme import DARK_STYLE, LOGO, STYLE
from runtime.errors import RedisUnavailable

WATCH_S: Final = 2
"""So often the shell looks whether there is something else to be seen than what the page was drawn of."""


def main() -> None:
    """One run of a page."""
    st.set_page_config(page_title="MoodLens", page_icon="🙂", layout="wide")
    st.html(STYLE)
    if st.context.theme.type == "dark":
        st.html(DARK_STYLE)
    st.logo(LOGO, size="large")
    entry = choose_page()
    directory, is_away = look_around()
    with st.sidebar:
        if directory and directory.subjects.cameras:
            show_filters(directory.subjects, entry.filters)
        show_visitor()
    st.fragment(watch, run_every=WATCH_S)(None if is_away else directory)
    page = st.empty()
    if directory is None or is_away:
        page.warning(AWAY)
        return
    try:
        with page.container():
            show_page(entry, directory)
    except (RedisError, RedisUnavailable):
        page.warning(AWAY)


def choose_page() -> PageEntry:
    """The page in the address; draws the menu."""
    pages = [
        st.Page(
            entry.show,
            title=entry.title,
            icon=f":material/{entry.icon}:",
            url_path=entry.address,
            default=entry is MENU[0],
        )
        for entry in MENU
    ]
    return MENU[pages.index(st.navigation(pages))]


def look_around() -> tuple[Directory | None, bool]:
    """What there is to be seen, and whether the database is away; then it is what was there last, if known.

    So the filters stay where they are meanwhile: one that is not drawn is forgotten.
    """
    try:
        directory = read_directory()
    except (RedisError, RedisUnavailable):
        return st.session_state.get("directory"), True
    st.session_state["directory"] = directory
    return directory, False


def watch(seen: Directory | None) -> None:
    """Draws the page anew as soon as there is something else to be seen.

    Args:
        seen: what it was drawn of; None: the database was away.
    """
    try:
        directory = read_directory()
    except (RedisError, RedisUnavailable):
        directory = None
    if directory != seen:
        st.rerun()


def show_page(entry: PageEntry, directory: Directory) -> None:
    """A page below what is to be said of all its figures; or how to get any."""
    if said := notice(directory.sites.values()):
        st.container(key="notice").info(said)
    if entry.needs_figures and not directory.subjects.cameras:
        st.title(entry.title, anchor=False)
        show_no_camera()
        return
    entry.show()


def show_visitor() -> None:
    """Who has signed in, and the way out."""
    name, link = signed_in_as(), sign_out_link()
    if name and link:
        # no Markdown: its links open a tab of their own
        st.html(f'Signed in as {escape(name)} · <a href="{escape(link)}" target="_self">Sign out</a>')
