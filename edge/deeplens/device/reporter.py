"""What the camera did, cut into reports at UTC boundaries, as ``producer/reporter.py`` cuts it. Pure."""

from __future__ import annotations

from edge.deeplens.device.events import INTERVAL_MAX_MS, SCHEMA, CameraReport

GRAIN_MS = 10_000
JUMP_MS = 60_000


class Reporter:
    """Adds up what happens and cuts a report wherever a 10 s window ends.

    Args:
        camera: ``site/camera``.
        session: this run.
        fps: analysed frames a second that are aimed at.
        detector: name of the detector.
        start_ms: UTC start of the session.
    """

    def __init__(self, camera: str, session: str, fps: float, detector: str, start_ms: int) -> None:
        self._camera = camera
        self._session = session
        self._fps = fps
        self._detector = detector
        self._seq = 0
        self._begin(start_ms)

    def frame(self, at_ms: int, interval_ms: int, faces_published: int) -> list[CameraReport]:
        """An analysed frame; the reports that end before it.

        Args:
            at_ms: when it was captured, not before the last frame.
            interval_ms: how much time before it counts as analysed.
            faces_published: faces handed to the outbox; 0: the frame is not published.
        """
        since_ms = at_ms - interval_ms
        reports = self._cut_until(at_ms, since_ms)
        self._cover(since_ms, at_ms)
        self._frames_analysed += 1
        self._frames_published += faces_published > 0
        self._faces_published += faces_published
        return reports

    def quiet(self, until_ms: int) -> list[CameraReport]:
        """No frame before ``until_ms`` follows; the reports that no later frame can add to."""
        return self._cut_until(until_ms - INTERVAL_MAX_MS, until_ms)

    def dropped(self, frames: int) -> None:
        """The outbox gave up frames."""
        self._dropped += frames

    def finish(self, at_ms: int) -> list[CameraReport]:
        """The session ends at ``at_ms`` (exclusive): what remains, the last report being a partial one."""
        reports = self._cut_until(at_ms, at_ms)
        if at_ms > self._from_ms:
            reports.append(self._cut(at_ms))
        return reports

    def _begin(self, from_ms: int) -> None:
        self._from_ms = from_ms
        self._analysed_ms = 0
        self._frames_analysed = 0
        self._frames_published = 0
        self._faces_published = 0
        self._dropped = 0

    def _end_ms(self) -> int:
        return (self._from_ms // GRAIN_MS + 1) * GRAIN_MS

    def _cover(self, since_ms: int, until_ms: int) -> None:
        self._analysed_ms += max(0, min(until_ms, self._end_ms()) - max(since_ms, self._from_ms))

    def _cut_until(self, at_ms: int, since_ms: int) -> list[CameraReport]:
        """Reports of the stretches that end by ``at_ms``; time from ``since_ms`` on counts as analysed."""
        reports = []
        while at_ms >= self._end_ms():
            self._cover(since_ms, at_ms)
            reports.append(self._cut(self._end_ms()))
            if at_ms - self._from_ms > JUMP_MS:  # the device slept, or its clock was set forward
                self._from_ms = at_ms // GRAIN_MS * GRAIN_MS
        return reports

    def _cut(self, to_ms: int) -> CameraReport:
        report = CameraReport(
            schema=SCHEMA,
            camera=self._camera,
            session=self._session,
            seq=self._seq,
            from_ms=self._from_ms,
            to_ms=to_ms,
            analysed_ms=self._analysed_ms,
            frames_analysed=self._frames_analysed,
            frames_published=self._frames_published,
            faces_published=self._faces_published,
            dropped=self._dropped,
            excluded=0,
            fps=self._fps,
            detector=self._detector,
        )
        self._seq += 1
        self._begin(to_ms)
        return report
