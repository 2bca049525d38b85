"""Which cameras the demo runs."""

import sys
from dataclasses import dataclass
from pathlib import Path

from demo.errors import SourceMissing
from demo.story import Story
from runtime.errors import reason_of
from runtime.urls import without_secrets

CAMERA = "demo/entrance"
"""The camera of a demo that looks at something of this world."""


@dataclass(frozen=True, slots=True)
class Source:
    """A camera to start.

    Attributes:
        camera: ``site/camera``.
        name: of what it looks at, for people.
        command: its command line.
    """

    camera: str
    name: str
    command: tuple[str, ...]


def asked_for(given: str, *, preview: bool) -> Source:
    """What ``--source`` names: a webcam's number, a URL, a file or a folder; recordings are looped.

    Args:
        given: by the person who starts the demo.
        preview: show it on the live view, too.

    Raises:
        SourceMissing: there is no such file or webcam, or it may not be looked at.
    """
    command = (*_producer(CAMERA, given), *(("--preview",) if preview else ()))
    if "://" in given:
        return Source(CAMERA, without_secrets(given), command)
    try:
        is_device, is_there = Path(given).is_char_device(), Path(given).exists()
    except OSError as error:
        raise SourceMissing(f"cannot read {given}: {reason_of(error)}") from None
    if given.isdecimal() or is_device:
        return Source(CAMERA, f"webcam {given}", command)
    if not is_there:
        raise SourceMissing(f"no such file, folder or webcam: {given}")
    return Source(CAMERA, f"{Path(given).name}, again and again", (*command, "--loop"))


def of_story(story: Story) -> list[Source]:
    """The cameras of a story."""
    return [
        Source(
            camera.name,
            "synthetic shoppers",
            (*_producer(camera.name, f"store:{camera.name}"), "--fps", f"{story.fps:g}"),
        )
        for camera in story.cameras
    ]


def _producer(camera: str, source: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "producer", "--camera", camera, "--source", source)
