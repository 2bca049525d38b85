"""Keeps count of a demo while it runs, so that its report says what became of every frame."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from demo.children import Say
from demo.findings import Findings, collect, read_latency, wait_until_counted, wait_until_reported
from demo.report import make_report, summarise, write_report
from demo.witness import Witness
from runtime.redis import REDIS_ERRORS, Client

LOOK_EVERY_S: Final = 2.0
REPORTED_S: Final = 10.0
COUNTED_S: Final = 2.0


class Audit:
    """From the start of the cameras to the report.

    Args:
        client: Redis.
        cameras: ``site/camera``.
        say: takes a line for the terminal.
    """

    def __init__(self, client: Client, cameras: Sequence[str], say: Say) -> None:
        self._client = client
        self._cameras = cameras
        self._say = say
        self._witness = Witness(client, cameras)
        self._began_ms = _now_ms()
        self._looked_s = time.monotonic()
        self._findings: dict[str, Findings] | None = None
        self._latency_s: dict[str, float | None] = {}

    def look(self) -> None:
        """Reads what is new in the log, if it is time to; call it often."""
        if time.monotonic() - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = time.monotonic()
            with suppress(*REDIS_ERRORS, OSError):  # it is there at the next look
                self._witness.look()

    def wait_for_reports(self) -> None:
        """For when the cameras have ended: until their last reports are counted, or the time is over."""
        with suppress(*REDIS_ERRORS, OSError):  # told by ``close``
            wait_until_reported(self._client, self._witness, self._began_ms, REPORTED_S)

    def close(self, health_port: int) -> None:
        """For when the worker has ended: counts what there is.

        Args:
            health_port: of the aggregator.
        """
        try:
            wait_until_counted(self._client, self._cameras, COUNTED_S)
            self._findings = collect(self._client, self._witness, self._began_ms, _now_ms())
        except (*REDIS_ERRORS, OSError) as error:
            self._say(f"demo: no report, Redis does not answer: {error}")
        self._latency_s = read_latency(health_port)

    def report(self, file: Path, truth_folder: Path | None) -> None:
        """Writes the report, if it was closed in order, and says what is in it.

        Raises:
            MoodLensError: it cannot be written, or the truth or a model cannot be read.
        """
        if self._findings is None:
            return
        made = make_report(self._findings, self._latency_s, truth_folder)
        write_report(file, made)
        for line in summarise(made):
            self._say(line)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
