"""Frames, the time they are taken at, and what gives them."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

QUIET_MS: Final = 1000
"""A pause between pictures is told at least this often."""

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


def pause_until(clock: Clock, at_ms: int) -> Generator[Quiet, None, bool]:
    """Waits until a picture is due, telling of long pauses; whether the process shall stop.

    Args:
        clock: time.
        at_ms: UTC, when it is due.
    """
    while (early_ms := at_ms - clock.now_ms()) > 0:
        if clock.wait(min(early_ms, QUIET_MS) / 1000):
            return True
        if early_ms > QUIET_MS:
            yield Quiet(min(clock.now_ms(), at_ms))
    return clock.wait(0)
