"""Until when windows are over. Times are in seconds after the start."""

import pytest

from aggregator.closure import closed_to_ms
from aggregator.fold import Timing
from aggregator.state import CameraState, OpenVisit, SessionClock, VisitKey

START_MS = 1_780_000_000_000
TIMING = Timing()


def state(*clocks: tuple[int, int], visits: tuple[int, ...] = ()) -> CameraState:
    """Sessions as (latest, heard), and the last faces of visits that are open."""
    camera = CameraState()
    for number, (latest_s, heard_s) in enumerate(clocks):
        camera.sessions[f"{number:016x}"] = SessionClock(
            START_MS + latest_s * 1000, START_MS + heard_s * 1000
        )
    for track, last_s in enumerate(visits):
        at_ms = START_MS + last_s * 1000
        camera.visits[VisitKey("0" * 16, track, "")] = OpenVisit(at_ms, at_ms)
    return camera


@pytest.mark.parametrize(
    ("clocks", "visits", "log_s", "closed_s"),
    [
        ([(100, 100)], (), 101, 95),  # the watermark
        ([(100, 100)], (98, 93), 101, 93),  # a visit that would end there
        ([(100, 100)], (99,), 101, 95),
        ([(100, 100), (70, 99)], (), 101, 65),  # the slowest session
        ([(100, 100), (40, 40)], (), 101, 95),  # that is heard
        ([(400, 100)], (), 101, 101),  # a camera's clock may be ahead
        ([(100, 100)], (), 159, 95),
        ([(100, 100)], (), 160, 100),  # silent: by the server's clock
        ([(100, 100)], (), 1000, 940),
        ([], (), 100, 40),
    ],
)
def test_windows_are_over_when_nothing_can_close_into_them(
    clocks: list[tuple[int, int]], visits: tuple[int, ...], log_s: int, closed_s: int
) -> None:
    closed_ms = closed_to_ms(state(*clocks, visits=visits), START_MS + log_s * 1000, TIMING)
    assert (closed_ms - START_MS) / 1000 == closed_s
