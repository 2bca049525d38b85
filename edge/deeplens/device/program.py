"""The camera's loop: look, say, wait; until the process shall end."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from edge.deeplens.device.camera import Camera
from edge.deeplens.device.emotions import Classifier
from edge.deeplens.device.errors import ClockWentBack, DeviceError
from edge.deeplens.device.events import EMOTIONS, FACES, REPORTS, SCHEMA, CameraReport, CameraStatus
from edge.deeplens.device.lens import Lens
from edge.deeplens.device.outbox import Outbox
from edge.deeplens.device.publisher import Publisher
from edge.deeplens.device.reporter import Reporter
from edge.deeplens.device.settings import load_settings
from edge.deeplens.device.stream import ProjectStream

if TYPE_CHECKING:
    from edge.deeplens.device.settings import Settings

log = logging.getLogger(__name__)

MODEL_FOLDER = "model"
STOP_S = 3.0
"""At the end, so long for the last acknowledgements."""


def run(awscam: Any, folder: str) -> int:
    """Is a camera until a signal comes; the exit status.

    Args:
        awscam: the device's module.
        folder: where ``config.json`` and the model lie.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    stop = _stop_on_signals()
    try:
        settings = load_settings(folder, os.environ)
        lens = Lens(awscam, settings.face_model, settings.score_min, settings.face_min_px)
        # who asked for emotions does not want faces to leave the device: no way around what is missing
        classifier = Classifier(os.path.join(folder, MODEL_FOLDER)) if settings.classify else None  # noqa: PTH118
        stream = ProjectStream(settings.stream) if settings.stream else None
        if stream:
            stream.start()
        while not stop.is_set():
            _Session(settings, lens, classifier, stream).run(stop)
    except DeviceError as error:
        log.error("%s", error)  # noqa: TRY400  (an expected failure is one line)
        return 1
    return 0


def _stop_on_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set; a second signal ends the process at once."""
    stop = threading.Event()

    def request_stop(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        # not here: the signal may have interrupted a wait that holds the event's own lock
        threading.Thread(target=stop.set, daemon=True).start()

    if threading.current_thread() is threading.main_thread():  # Greengrass may import us on another
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, request_stop)
    return stop


class _Session:
    """A run of the camera, whose frames and tracks are numbered from 0."""

    def __init__(
        self, settings: Settings, lens: Lens, classifier: Classifier | None, stream: ProjectStream | None
    ) -> None:
        self._period_s = 1 / settings.fps
        self._lens = lens
        self._classifier = classifier
        self._stream = stream
        session = os.urandom(8).hex()
        start_ms = _now_ms()
        self._reporter = Reporter(settings.camera, session, settings.fps, lens.name, start_ms)
        self._camera = Camera(settings.camera, session, self._reporter, start_ms)
        status = CameraStatus(
            SCHEMA, settings.camera, True, settings.version, lens.name, settings.fps, start_ms
        )
        self._publisher = Publisher(settings, status, Outbox())
        self._dropped = 0

    def run(self, stop: threading.Event) -> None:
        """Looks until it shall stop, or the clock is set back: then another session has to begin."""
        self._publisher.start()
        try:
            due_s = time.monotonic()
            while not stop.wait(max(0.0, due_s - time.monotonic())):
                self._look()
                due_s = max(due_s + self._period_s, time.monotonic())
        except ClockWentBack as error:
            log.warning("%s: a new session begins", error)
        finally:
            self._report(self._camera.finish())
            left = self._publisher.finish(STOP_S)
            self._count_dropped()
            summary = {
                "frames_analysed": self._camera.frames_analysed,
                "frames_published": self._camera.frames_published,
                "faces_published": self._camera.faces_published,
                "dropped": self._dropped,
                "unacknowledged": left,
            }
            log.info("the session ends: %s", json.dumps(summary))

    def _look(self) -> None:
        at_ms = _now_ms()
        seen = self._lens.look()
        if seen is None:
            self._report(self._camera.quiet(at_ms))
            return
        image, found = seen
        reports, faces = self._camera.see(image, found, at_ms)
        self._report(reports)
        event = self._classifier.classify(faces, _now_ms()) if self._classifier and faces else faces
        if event:
            self._publisher.put(FACES if event is faces else EMOTIONS, event)
        if self._stream:
            self._stream.show(image, event)
        self._count_dropped()

    def _report(self, reports: list[CameraReport]) -> None:
        for report in reports:
            self._publisher.put(REPORTS, report)

    def _count_dropped(self) -> None:
        dropped = self._publisher.dropped()
        self._dropped += dropped
        self._reporter.dropped(dropped)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
