"""Frames, the time they are taken at, and what gives them."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
"""uint8, BGR: shape (height, width, 3); grey: (height, width)."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture.

    Attributes:
        image: uint8 BGR of shape (height, width, 3).
        captured_at_ms: UTC.
    """

    image: Image
    captured_at_ms: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing to see: no frame captured before ``until_ms`` (UTC) follows."""

    until_ms: int


Moment = Frame | Quiet


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, as a parameter.

    Attributes:
        now_ms: UTC milliseconds.
        wait: sleeps so many seconds, or until the process shall stop; whether it shall.
    """

    now_ms: Callable[[], int]
    wait: Callable[[float], bool]


class Source(Protocol):
    """Something that frames come from.

    Attributes:
        name: for people; holds no password.
        live: goes on by itself, and so never ends and never waits for us.
    """

    name: str
    live: bool

    def moments(self) -> Iterator[Moment]:
        """Frames in the order of their capture, at most the analysis rate, until the end or the stop.

        At least every second or so, something comes.

        Raises:
            SourceUnusable: not a single frame can be read.
        """
        ...

    def close(self) -> None:
        """Lets go of the device or file."""
        ...


def wall_clock(stop: threading.Event) -> Clock:
    """The machine's clock; its waits end when ``stop`` is set."""
    return Clock(now_ms=lambda: time.time_ns() // 1_000_000, wait=stop.wait)
