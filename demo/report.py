"""What a run of the demo counted."""

import json
import threading
import time
from datetime import UTC
from pathlib import Path
from typing import Any

from contract import keys
from contract.windows import GRAIN_MS, Resolution
from runtime.errors import MoodLensError
from runtime.redis import Client
from runtime.windows import read_windows

COLUMNS = ("frames", "face_frames", "visits", "published", "dropped", "shed", "refused", "late")

_POLL_S = 0.05


def wait_until_counted(client: Client, camera: str, within_s: float) -> None:
    """Waits until all that is in the camera's stream is in its windows, or the time is over."""
    stream = keys.stream(keys.partition_of(camera))
    deadline_s = time.monotonic() + within_s
    pause = threading.Event()
    while time.monotonic() < deadline_s:
        groups: Any = client.xinfo_groups(stream) if client.exists(stream) else []
        if all(not group["pending"] and not group["lag"] for group in groups):
            return
        pause.wait(_POLL_S)


def counts(client: Client, camera: str, from_ms: int, to_ms: int) -> dict[str, int]:
    """Sums over the camera's windows between two instants (UTC milliseconds)."""
    first_ms = from_ms // GRAIN_MS * GRAIN_MS
    windows = read_windows(client, camera, Resolution.TEN_SECONDS, first_ms, to_ms + GRAIN_MS, UTC)
    return {name: int(windows.column(name).sum()) for name in COLUMNS}


def write_report(file: Path, numbers: dict[str, int]) -> None:
    """Writes the counts as JSON.

    Raises:
        MoodLensError: the file cannot be written.
    """
    try:
        file.write_text(json.dumps(numbers) + "\n")
    except OSError as error:
        raise MoodLensError(f"cannot write the report {file}: {error.strerror}") from None
