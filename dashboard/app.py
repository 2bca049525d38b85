"""The shell of all pages: menu, filters, and what is said on all of them."""

from dataclasses import dataclass
from html import escape
from typing import Final

import streamlit as st

from dashboard.access.visitor import sign_out_link, signed_in_as
from dashboard.menu import MENU, PageEntry
from dashboard.shell.away import AWAY_ERRORS, away_words
from dashboard.shell.context import Directory, read_directory
from dashboard.shell.filters import show_filters
from dashboard.shell.heading import show_no_camera
from dashboard.theme import DARK_STYLE, LOGO, STYLE
from dashboard.words.notice import notice

WATCH_S: Final = 2
"""So often the shell looks whether there is something else to be seen than what the page was drawn of."""

HIDE_PAGE: Final = "<style>.st-key-page {display: none}</style>"
"""For ``st.html``: a page of which only a part could be drawn is not shown."""


@dataclass(slots=True)
class Drawn:
    """What the page was drawn of.

    Attributes:
        directory: what there was to be seen; None: the database was away.
    """

    directory: Directory | None


def main() -> None:
    """One run of a page."""
    st.set_page_config(page_title="MoodLens", page_icon="🙂", layout="wide")
    st.html(STYLE)
    if st.context.theme.type == "dark":
        st.html(DARK_STYLE)
    st.logo(LOGO, size="large")
    entry = choose_page()
    directory, away = look_around()
    with st.sidebar:
        if directory and directory.subjects.cameras:
            show_filters(directory.subjects, entry.filters)
        show_visitor()
    drawn = Drawn(None if away else directory)
    st.fragment(watch, run_every=WATCH_S)(drawn)
    if directory is None or away:
        st.warning(away)
        return
    try:
        # not in an empty place: on a busy machine, the page would be gone for a moment with each drawing
        with st.container(key="page"):
            show_page(entry, directory)
    except AWAY_ERRORS as error:
        drawn.directory = None
        st.html(HIDE_PAGE)
        st.warning(away_words(error))


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


def look_around() -> tuple[Directory | None, str]:
    """What there is to be seen, and what to say where the database is away: then it is what was there last.

    So the filters stay where they are meanwhile: one that is not drawn is forgotten.
    """
    try:
        directory = read_directory()
    except AWAY_ERRORS as error:
        return st.session_state.get("directory"), away_words(error)
    st.session_state["directory"] = directory
    return directory, ""


def watch(drawn: Drawn) -> None:
    """Draws the page anew as soon as there is something else to be seen than what it was drawn of."""
    try:
        directory = read_directory()
    except AWAY_ERRORS:
        directory = None
    if directory != drawn.directory:
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
