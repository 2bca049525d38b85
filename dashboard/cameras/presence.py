"""Whether cameras are there: what they say themselves, for all visitors, and how that is drawn."""

import streamlit as st

from contract.events import CameraStatus
from dashboard.cameras.status import StatusBoard
from runtime.settings import MqttSettings, load_settings


@st.cache_resource(on_release=StatusBoard.close)
def statuses() -> StatusBoard:
    """One listener for all visitors."""
    return StatusBoard(load_settings(MqttSettings))


def presence(online: bool | None) -> str:
    """Whether a camera is there (None: it is not heard of), as Markdown."""
    badges = {True: ":green-badge[online]", False: ":red-badge[offline]", None: ":gray-badge[not heard of]"}
    return badges[online]


def detector_words(status: CameraStatus | None) -> list[str]:
    """How fast a camera looks and with what, as long as it does."""
    if status is None or not status.online:
        return []
    return [f"{status.fps:g} frames a second", status.detector]
