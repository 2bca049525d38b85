"""The project stream: what the device's own viewer shows, through a FIFO. Nothing of it touches a disk."""

from __future__ import annotations

import errno
import logging
import os
import stat
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import cv2

from edge.deeplens.device.events import LABELS, FrameEmotions

if TYPE_CHECKING:
    from edge.deeplens.device.events import FrameFaces
    from edge.deeplens.device.framing import Image

log = logging.getLogger(__name__)

HEIGHT_PX = 480
GREEN = (0, 200, 0)


class ProjectStream:
    """Shows frames to whoever reads the FIFO, on a thread of its own: who only watches holds nothing up.

    Args:
        path: of the FIFO; it is made where it is missing.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._shown: tuple[Image, FrameFaces | FrameEmotions | None] | None = None
        self._fresh = threading.Condition()
        self._watched = False
        self._thread = threading.Thread(target=self._run, name="project stream", daemon=True)

    def start(self) -> None:
        """Waits for a reader from now on."""
        self._thread.start()

    def show(self, image: Image, event: FrameFaces | FrameEmotions | None) -> None:
        """Puts a frame in the place of the last one; never waits for a reader.

        Args:
            image: uint8 BGR (height, width, 3); not changed.
            event: its faces, where it has any.
        """
        if not self._watched:
            return
        with self._fresh:
            self._shown = image, event
            self._fresh.notify()

    def _run(self) -> None:
        try:
            while True:
                with suppress(BrokenPipeError):  # the reader went: another may come
                    self._serve_reader()
        except OSError as error:
            log.warning("there is no project stream: %s: %s", self._path, error.strerror)

    def _serve_reader(self) -> None:
        with suppress(FileExistsError):
            os.mkfifo(self._path, 0o600)
        # without O_CREAT, as a file would keep what it is given; waits until somebody reads
        with os.fdopen(os.open(self._path, os.O_WRONLY), "wb") as fifo:
            if not stat.S_ISFIFO(os.fstat(fifo.fileno()).st_mode):
                raise FileExistsError(errno.EEXIST, "it is no FIFO")
            self._watched = True
            try:
                self._feed(fifo.fileno())
            finally:
                self._watched = False
                self._shown = None

    def _feed(self, fifo: int) -> None:
        while True:
            with self._fresh:
                while self._shown is None:
                    self._fresh.wait()
                (image, event), self._shown = self._shown, None
            jpeg = memoryview(draw(image, event))
            while jpeg:
                jpeg = jpeg[os.write(fifo, jpeg) :]


def draw(image: Image, event: FrameFaces | FrameEmotions | None) -> bytes:
    """A JPEG of the frame with a box around each face and, where it is known, its expression above it."""
    height, width = image.shape[:2]
    size = (max(1, round(width * HEIGHT_PX / height)), HEIGHT_PX)
    picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    for face in event.faces if event else ():
        x, y, w, h = (round(part * side) for part, side in zip(face.box, size * 2))
        cv2.rectangle(picture, (x, y), (x + w, y + h), GREEN, 2)
    if isinstance(event, FrameEmotions):
        for read in event.faces:
            best = max(range(len(LABELS)), key=lambda i: read.probabilities[i])
            place = (round(read.box[0] * size[0]), max(16, round(read.box[1] * size[1]) - 8))
            cv2.putText(picture, LABELS[best], place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, GREEN, 2)
    return bytes(cv2.imencode(".jpg", picture)[1].tobytes())
