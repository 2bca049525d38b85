"""What a camera says of what it sees: frames in, events out. Pure, but for the detector's work."""

from collections.abc import Sequence

import cv2
import numpy as np

from contract.events import FACES_MAX, INTERVAL_MAX_MS, SCHEMA, CameraReport, FaceCrop, FrameFaces
from producer.badges import BadgeReader
from producer.detection import Detection, Detector
from producer.errors import ClockWentBack
from producer.exclusion import Exclusion, Tracked
from producer.frames import Frame, Image
from producer.framing import crop_face, is_frontal
from producer.metrics import DETECT_SECONDS, FACES, FACES_EXCLUDED, FACES_LEFT_OUT, FRAMES
from producer.posters import Posters
from producer.reporter import Reporter
from producer.tracker import Tracker
from producer.whereabouts import Whereabouts
from producer.zones import HIDDEN_SHARE, Box, Layout, Zones

Event = FrameFaces | CameraReport

BOX_DIGITS = 4
SCORE_DIGITS = 3
CLOCK_STEP_MAX_MS = 5000
"""A clock set back by less is waited for: times stand still meanwhile."""


class Camera:
    """One session of a camera.

    Args:
        name: ``site/camera``.
        session: random id of this run.
        detector: finds faces.
        reporter: of the same session.
        face_px: least and greatest height of a face; others are left out.
        start_ms: UTC start of the session.
        zones: of this camera.
        badges: finds what staff wear; None: nobody wears any.
        poster_s: a face that has not moved for so long is a picture.
    """

    def __init__(
        self,
        name: str,
        session: str,
        detector: Detector,
        reporter: Reporter,
        face_px: tuple[float, float],
        start_ms: int,
        zones: Zones | None = None,
        badges: BadgeReader | None = None,
        poster_s: float = 120.0,
    ) -> None:
        self._name = name
        self._session = session
        self._detector = detector
        self._reporter = reporter
        self._face_px = face_px
        self._zones = zones or Zones()
        self._tracker = Tracker()
        self._exclusion = Exclusion(badges, Posters(poster_s), self._tracker.renew)
        self._whereabouts = Whereabouts()
        self._now_ms = start_ms
        self._last_frame_ms: int | None = None
        self.frames_analysed = 0
        self.frames_published = 0
        self.faces_published = 0

    @property
    def tracks(self) -> int:
        """Tracks seen so far."""
        return self._tracker.count

    @property
    def hidden(self) -> list[Box]:
        """Parts of the last frame with the faces of staff and posters; nobody gets to see them."""
        return self._exclusion.hidden(self._now_ms)

    def see(self, frame: Frame) -> list[Event]:
        """The events of a frame: reports that end before it, then its faces if it has any.

        Raises:
            ClockWentBack: it was captured well before the last one.
        """
        at_ms = self._advance(frame.captured_at_ms)
        interval_ms = 0 if self._last_frame_ms is None else min(at_ms - self._last_frame_ms, INTERVAL_MAX_MS)
        self._last_frame_ms = at_ms
        with DETECT_SECONDS.time():
            found = self._detector.detect(frame.image)
        faces, excluded = self._look(frame.image, self._plausible(found), at_ms)
        FACES_EXCLUDED.inc(excluded)
        events: list[Event] = list(self._reporter.frame(at_ms, interval_ms, len(faces), excluded))
        if faces:
            events.append(
                FrameFaces(
                    schema=SCHEMA,
                    camera=self._name,
                    session=self._session,
                    frame=self.frames_analysed,
                    captured_at_ms=at_ms,
                    interval_ms=interval_ms,
                    faces=faces,
                )
            )
            self.frames_published += 1
            self.faces_published += len(faces)
            FACES.inc(len(faces))
        self.frames_analysed += 1
        FRAMES.inc()
        return events

    def quiet(self, until_ms: int) -> list[Event]:
        """No frame before ``until_ms`` follows: the reports that are complete by this.

        Raises:
            ClockWentBack: the clock was set back.
        """
        return list(self._reporter.quiet(self._advance(until_ms)))

    def finish(self) -> list[Event]:
        """The session is over: its last reports."""
        return list(self._reporter.finish(self._now_ms + 1))

    def _advance(self, to_ms: int) -> int:
        if to_ms < self._now_ms - CLOCK_STEP_MAX_MS:
            raise ClockWentBack(
                f"the clock went back by {(self._now_ms - to_ms) / 1000:.0f} s: start the camera again"
            )
        self._now_ms = max(self._now_ms, to_ms)
        return self._now_ms

    def _plausible(self, detections: list[Detection]) -> list[Detection]:
        least, greatest = self._face_px
        return [detection for detection in detections if least <= detection.box[3] <= greatest]

    def _look(self, image: Image, found: Sequence[Detection], at_ms: int) -> tuple[tuple[FaceCrop, ...], int]:
        """The crops of visitors' faces in a frame, and how many other faces are in it."""
        layout = self._zones.on(image)
        allowed = [one for one in found if layout.hidden_share(one.box) < HIDDEN_SHARE]
        tracked = self._tracker.update(allowed, at_ms, (image.shape[1], image.shape[0]))
        excluded = len(found) - len(allowed)
        if not tracked:
            return (), excluded
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        told = self._exclusion.sort(grey, tracked, at_ms)
        self._reporter.turned_out(told.turned_out)
        # black before anything is cut out: so no pixel of these zones is in any crop
        return self._crop(layout.black_out(grey), layout, told.visitors, at_ms), excluded + told.excluded

    def _crop(self, grey: Image, layout: Layout, visitors: Tracked, at_ms: int) -> tuple[FaceCrop, ...]:
        """The crops of the largest faces, as many as one message carries."""
        FACES_LEFT_OUT.inc(max(0, len(visitors) - FACES_MAX))
        largest = sorted(visitors, key=lambda one: one[1].box[2] * one[1].box[3], reverse=True)[:FACES_MAX]
        height, width = grey.shape
        return tuple(
            FaceCrop(
                track=track,
                zone=self._whereabouts.zone(track, _watched(layout, detection.box), at_ms),
                box=_fractions(detection.box, width, height),
                score=round(detection.score, SCORE_DIGITS),
                frontal=is_frontal(detection),
                crop=crop_face(grey, detection),
            )
            for track, detection in largest
        )


def _watched(layout: Layout, box: Box) -> str:
    """The watch zone that the middle of a box lies in, or ''."""
    return layout.watched_at(box[0] + box[2] / 2, box[1] + box[3] / 2)


def _fractions(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies in the frame, x, y, w, h as fractions of it."""
    left, right = (min(1.0, max(0.0, x / width)) for x in (box[0], box[0] + box[2]))
    top, bottom = (min(1.0, max(0.0, y / height)) for y in (box[1], box[1] + box[3]))
    left, top, right, bottom = (round(edge, BOX_DIGITS) for edge in (left, top, right, bottom))
    return left, top, round(right - left, BOX_DIGITS), round(bottom - top, BOX_DIGITS)
