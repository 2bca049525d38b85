"""What the camera says of what it sees, as ``producer/camera.py`` says it: faces in, events out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.deeplens.device.errors import ClockWentBack
from edge.deeplens.device.events import FACES_MAX, INTERVAL_MAX_MS, SCHEMA, CameraReport, FaceCrop, FrameFaces
from edge.deeplens.device.framing import crop_face
from edge.deeplens.device.tracker import Detection, Tracker

if TYPE_CHECKING:
    from edge.deeplens.device.framing import Image
    from edge.deeplens.device.reporter import Reporter

BOX_DIGITS = 4
SCORE_DIGITS = 3
CLOCK_STEP_MAX_MS = 5000
"""A clock set back by less is waited for: times stand still meanwhile."""


class Camera:
    """One session of a camera.

    Args:
        name: ``site/camera``.
        session: random id of this run.
        reporter: of the same session.
        start_ms: UTC start of the session.
    """

    def __init__(self, name: str, session: str, reporter: Reporter, start_ms: int) -> None:
        self._name = name
        self._session = session
        self._reporter = reporter
        self._tracker = Tracker()
        self._now_ms = start_ms
        self._last_frame_ms: int | None = None
        self.frames_analysed = 0
        self.frames_published = 0
        self.faces_published = 0

    def see(
        self, image: Image, found: list[Detection], captured_at_ms: int
    ) -> tuple[list[CameraReport], FrameFaces | None]:
        """The reports that end before a frame, and its faces if it has any.

        Args:
            image: uint8 BGR (height, width, 3).
            found: the faces in it.
            captured_at_ms: UTC.

        Raises:
            ClockWentBack: it was captured well before the last one.
        """
        at_ms = self._advance(captured_at_ms)
        interval_ms = 0 if self._last_frame_ms is None else min(at_ms - self._last_frame_ms, INTERVAL_MAX_MS)
        self._last_frame_ms = at_ms
        height, width = image.shape[:2]
        faces = self._crop(image, self._tracker.update(found, at_ms, (width, height)))
        reports = self._reporter.frame(at_ms, interval_ms, len(faces))
        number = self.frames_analysed
        self.frames_analysed += 1
        if not faces:
            return reports, None
        self.frames_published += 1
        self.faces_published += len(faces)
        return reports, FrameFaces(SCHEMA, self._name, self._session, number, at_ms, interval_ms, faces)

    def quiet(self, until_ms: int) -> list[CameraReport]:
        """No frame before ``until_ms`` follows: the reports that are complete by this.

        Raises:
            ClockWentBack: the clock was set back.
        """
        return self._reporter.quiet(self._advance(until_ms))

    def finish(self) -> list[CameraReport]:
        """The session is over: its last reports."""
        return self._reporter.finish(self._now_ms + 1)

    def _advance(self, to_ms: int) -> int:
        if to_ms < self._now_ms - CLOCK_STEP_MAX_MS:
            raise ClockWentBack(f"the clock went back by {(self._now_ms - to_ms) / 1000:.0f} s")
        self._now_ms = max(self._now_ms, to_ms)
        return self._now_ms

    @staticmethod
    def _crop(image: Image, tracked: list[tuple[int, Detection]]) -> tuple[FaceCrop, ...]:
        """The crops of the largest faces, as many as one message carries."""
        if not tracked:
            return ()
        largest = sorted(tracked, key=lambda one: one[1].box[2] * one[1].box[3], reverse=True)[:FACES_MAX]
        height, width = image.shape[:2]
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        return tuple(
            FaceCrop(
                track=track,
                zone="",
                box=_fractions(detection.box, width, height),
                score=round(detection.score, SCORE_DIGITS),
                frontal=None,  # the device's detector has no landmarks
                crop=crop_face(grey, detection.box),
            )
            for track, detection in largest
        )


def _fractions(
    box: tuple[float, float, float, float], width: int, height: int
) -> tuple[float, float, float, float]:
    """The part of a box that lies in the frame, x, y, w, h as fractions of it."""
    left, right = (min(1.0, max(0.0, x / width)) for x in (box[0], box[0] + box[2]))
    top, bottom = (min(1.0, max(0.0, y / height)) for y in (box[1], box[1] + box[3]))
    left, top, right, bottom = (round(edge, BOX_DIGITS) for edge in (left, top, right, bottom))
    return left, top, round(right - left, BOX_DIGITS), round(bottom - top, BOX_DIGITS)
