"""A clean stop."""

import signal
import threading
from types import FrameType


def stop_on_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set; a second signal ends the process at once, as usual.

    Call it from the main thread.
    """
    stop = threading.Event()

    def request_stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        # not here: the signal may have interrupted a wait that holds the event's own lock
        threading.Thread(target=stop.set, name="stop", daemon=True).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, request_stop)
    return stop
