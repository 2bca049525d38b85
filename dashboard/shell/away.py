"""What is said while the database is away, and how what somebody has just entered is not lost by it."""

from collections.abc import Callable
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from runtime.errors import LayoutMismatch, RedisUnavailable
from runtime.redis import REDIS_ERRORS

AWAY_ERRORS: Final = (*REDIS_ERRORS, RedisUnavailable, LayoutMismatch)
"""What reading and writing raise while there is no database to be used."""

AWAY: Final = "The database does not answer at the moment. This page goes on by itself when it is back."
OTHER_VERSION: Final = (
    "The database was written by another version of MoodLens. "
    "Run the dashboard in the version of the other services."
)
NOT_SAVED: Final = "Not saved: the database does not answer at the moment. Try again in a while."


def away_words(error: Exception) -> str:
    """What is said of one of ``AWAY_ERRORS``."""
    return OTHER_VERSION if isinstance(error, LayoutMismatch) else AWAY


def write_on_click(write: Callable[[], object], key: str) -> None:
    """What a button calls: ``write``; where it could not be done, the session notes that under ``key``."""
    try:
        write()
    except AWAY_ERRORS:
        st.session_state[key] = True


def tell_unwritten(key: str, place: DeltaGenerator) -> None:
    """Says in ``place``, once, that what a click should have written could not be."""
    if st.session_state.pop(key, False):
        place.error(NOT_SAVED)


def is_written(write: Callable[[], object], place: DeltaGenerator) -> bool:
    """Whether ``write`` could be done; if not, ``place`` says so, and what was entered stays there."""
    try:
        write()
    except AWAY_ERRORS:
        place.error(NOT_SAVED)
        return False
    return True
