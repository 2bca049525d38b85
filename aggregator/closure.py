"""When windows of a camera are over. Pure."""

from aggregator.fold import Timing
from aggregator.state import CameraState


def closed_to_ms(state: CameraState, log_ms: int, timing: Timing) -> int:
    """The instant up to which nothing more is expected: windows that end by then are over.

    The slowest session that is heard decides, by its watermark, and no open visit may have its last face
    before that instant, because it would be counted there. Where no session is heard, the server's clock
    decides, as late as it gives a silent session up; a camera that was cut off comes back too late for it.

    Args:
        state: of the camera, after a fold.
        log_ms: log time up to which the stream has been read.
        timing: when things are over.
    """
    heard = [clock for clock in state.sessions.values() if log_ms - clock.heard_ms < timing.silence_ms]
    if heard:
        closed_ms = min(clock.latest_ms for clock in heard) - timing.disorder_ms
        closed_ms = min(closed_ms, log_ms)  # a camera's clock may be ahead
    else:
        closed_ms = log_ms - timing.silence_ms
    return min([closed_ms, *(visit.last_ms for visit in state.visits.values())])
