"""What is said while the database is away, and how what somebody has just entered is not lost by it."""

from collections.abc import Callable
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from runtime.errors import RedisUnavailable
from runtime.redis import REDIS_ERRORS

AWAY: Final = "The database does not answer at the moment. This page goes on by itself when it is back."
NOT_SAVED: Final = "Not saved: the database does not answer at the moment. Try again in a while."


def write_on_click(write: Callable[[], object], key: str) -> None:
    """What a button calls: ``write``; where it could not be done, the session notes that under ``key``."""
    try:
        write()
    except (*REDIS_ERRORS, RedisUnavailable):
        st.session_state[key] = True


def tell_unwritten(key: str, place: DeltaGenerator) -> None:
    """Says in ``place``, once, that what a click should have written could not be."""
    if st.session_state.pop(key, False):
        place.error(NOT_SAVED)


def is_written(write: Callable[[], object], place: DeltaGenerator) -> bool:
    """Whether ``write`` could be done; if not, ``place`` says so, and what was entered stays there."""
    try:
        write()
    except (*REDIS_ERRORS, RedisUnavailable):
        place.error(NOT_SAVED)
        return False
    return True
