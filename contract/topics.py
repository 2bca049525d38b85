"""MQTT topics: ``moodlens/v1/<site>/<camera>/<suffix>``."""

import re
from enum import StrEnum

from contract.events import NAME_PATTERN

ROOT = "moodlens/v1"


class Suffix(StrEnum):
    """The last level of a topic: what it carries."""

    FACES = "faces"
    EMOTIONS = "emotions"
    REPORTS = "reports"
    STATUS = "status"
    PREVIEW = "preview"
    WINDOWS = "windows"
    ALERTS = "alerts"


FROM_CAMERA = (Suffix.FACES, Suffix.EMOTIONS, Suffix.REPORTS, Suffix.STATUS, Suffix.PREVIEW)
"""What a camera may publish, on its own topics only."""

TO_WORKERS = (Suffix.FACES, Suffix.EMOTIONS, Suffix.REPORTS)

WORKER_SUBSCRIPTIONS = tuple(f"$share/workers-{suffix}/{ROOT}/+/+/{suffix}" for suffix in TO_WORKERS)
"""Shared among all workers: each message goes to one of them. A group a filter: not every broker keeps the
filters of one group apart."""

_TOPIC = re.compile(rf"{ROOT}/({NAME_PATTERN}/{NAME_PATTERN})/({'|'.join(Suffix)})")
_CAMERA = re.compile(rf"{NAME_PATTERN}/{NAME_PATTERN}")


def is_camera_name(text: str) -> bool:
    """Whether ``text`` is a valid ``site/camera``."""
    return _CAMERA.fullmatch(text) is not None


def topic(camera: str, suffix: Suffix) -> str:
    """The topic of ``site/camera`` for ``suffix``."""
    return f"{ROOT}/{camera}/{suffix}"


def is_faces(name: str) -> bool:
    """Whether a topic carries crops."""
    return name.endswith(f"/{Suffix.FACES}")


def parse_topic(name: str) -> tuple[str, Suffix] | None:
    """Camera (``site/camera``) and suffix of a topic, or None where it is none of ours."""
    match = _TOPIC.fullmatch(name)
    return (match[1], Suffix(match[2])) if match else None
