"""The person before the page: who it is, and what they may see."""

import time
from functools import cache
from urllib.parse import urlencode

import streamlit as st

from dashboard.access.door import Door, open_door
from dashboard.access.guard import SIGN_OUT
from dashboard.access.sessions import Sessions, Visitor
from dashboard.access.users import BadUsersFile
from dashboard.settings import DashboardSettings
from runtime.settings import load_settings


@cache
def the_door() -> Door:
    """The one door of this process, for the server and for the pages it serves.

    Raises:
        SettingsError: one line that says what is missing.
        BadUsersFile: the users file cannot be used.
    """
    settings = load_settings(DashboardSettings)
    return open_door(settings, Sessions(settings.session_hours, lambda: time.time_ns() // 1_000_000))


def allowed_sites() -> frozenset[str] | None:
    """The sites that the person before the page may see; None: all. Asked anew in every run of a page."""
    if not the_door().users_file:
        return None
    visitor = _visitor()
    return visitor.sites if visitor else frozenset()


def signed_in_as() -> str | None:
    """The name of the person before the page; None: nobody needs to sign in here."""
    visitor = _visitor()
    return visitor.name if visitor else None


def sign_out_link() -> str | None:
    """Where the person before the page signs out, an address of this server; None: nobody has signed in."""
    visitor = _visitor()
    return f"{SIGN_OUT}?{urlencode({'session': visitor.session})}" if visitor else None


def _visitor() -> Visitor | None:
    try:
        return the_door().visitor(st.context.cookies)
    except BadUsersFile:
        return None
