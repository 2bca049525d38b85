"""Which camera the demo runs."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from demo.errors import SourceMissing

CAMERA = "demo/entrance"
SITE = "demo"


@dataclass(frozen=True, slots=True)
class Source:
    """A camera to start.

    Attributes:
        name: for people.
        program: what its own error lines begin with.
        command: its command line.
    """

    name: str
    program: str
    command: tuple[str, ...]


def asked_for(given: str) -> Source:
    """What ``--source`` names: a webcam's number, a URL, a file or a folder; recordings are looped.

    Raises:
        SourceMissing: there is no such file or webcam.
    """
    command = (sys.executable, "-m", "producer", "--camera", CAMERA, "--source", given)
    if "://" in given:
        parts = given.partition("://")
        return Source(f"{parts[0]}://{parts[2].rpartition('@')[2].partition('?')[0]}", "producer", command)
    if given.isdecimal() or Path(given).is_char_device():
        return Source(f"webcam {given}", "producer", command)
    if not Path(given).exists():
        raise SourceMissing(f"no such file, folder or webcam: {given}")
    return Source(f"{Path(given).name}, again and again", "producer", (*command, "--loop"))


def webcam(devices: Path = Path("/dev")) -> Source | None:
    """The first webcam of this machine that may be opened, if there is one."""
    numbers = sorted(
        int(device.name.removeprefix("video"))
        for device in devices.glob("video*")
        if device.name.removeprefix("video").isdecimal() and os.access(device, os.R_OK | os.W_OK)
    )
    return asked_for(str(numbers[0])) if numbers else None


def shopper() -> Source:
    """A synthetic face with scripted moods."""
    command = (sys.executable, "-m", "demo.camera", "--camera", CAMERA)
    return Source("a synthetic shopper", "demo.camera", command)
