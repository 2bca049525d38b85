"""A run of a camera, from its first frame to its goodbye."""

import logging
import math
import secrets
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version

from contract.events import SCHEMA, CameraStatus
from contract.topics import Suffix
from producer.badges import BadgeReader
from producer.camera import Camera, Event
from producer.detection import Detector
from producer.errors import NotDelivered
from producer.frames import Clock, Frame, Source
from producer.on_device import Classify
from producer.outbox import Outbox
from producer.preview import Previewer
from producer.publisher import HEALTH_PART as BROKER
from producer.publisher import Publisher
from producer.reporter import Reporter
from producer.settings import ProducerSettings
from producer.zones import Zones
from runtime.health import Health
from runtime.settings import MqttSettings

log = logging.getLogger(__name__)

SOURCE = "source"
HEALTH_PARTS = {BROKER: 30.0, SOURCE: 30.0}
"""Parts of the process, and after how many silent seconds they are unwell."""

STOP_S = 3.0
"""After a signal, so long for the last acknowledgements; another second or so for the goodbye."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did; printed as JSON at its end.

    Attributes:
        dropped: frames that the outbox gave up.
        unacknowledged: messages of which nobody knows whether they arrived.
    """

    camera: str
    session: str
    frames_analysed: int
    frames_published: int
    faces_published: int
    tracks: int
    dropped: int
    unacknowledged: int

    def as_dict(self) -> dict[str, str | int]:
        """For JSON."""
        return asdict(self)


class Producer:
    """Wires a source to the broker.

    Args:
        settings: of this camera.
        mqtt: where the broker is.
        detector: finds faces.
        classify: what becomes of faces before they leave.
        clock: time.
        health: told how source and broker are.
        zones: of the camera's picture.
    """

    def __init__(
        self,
        settings: ProducerSettings,
        mqtt: MqttSettings,
        detector: Detector,
        classify: Classify,
        clock: Clock,
        health: Health,
        zones: Zones,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._classify = classify
        self._health = health
        self._session = secrets.token_hex(8)
        start_ms = clock.now_ms()
        reporter = Reporter(settings.camera, self._session, settings.fps, detector.name, start_ms)
        face_px = settings.face_min_px, settings.face_max_px or math.inf
        self._camera = Camera(
            settings.camera,
            self._session,
            detector,
            reporter,
            face_px,
            start_ms,
            zones,
            BadgeReader() if settings.staff_badges else None,
            settings.poster_s,
        )
        self._reporter = reporter
        self._previewer = (
            Previewer(settings.camera, self._session, start_ms, zones) if settings.preview else None
        )
        status = CameraStatus(
            schema=SCHEMA,
            camera=settings.camera,
            online=True,
            version=version("moodlens"),
            detector=detector.name,
            fps=settings.fps,
            since_ms=start_ms,
        )
        outbox = Outbox(settings.outbox_messages_max, settings.outbox_bytes_max, settings.inflight_max)
        self._publisher = Publisher(mqtt, status, outbox, health)
        self._dropped = 0

    def run(self, source: Source) -> Summary:
        """Publishes what the source shows until it ends or the clock's wait says stop.

        Raises:
            SourceUnusable: not a single frame can be read.
            ClockWentBack: the machine's clock was set back.
        """
        ended = False
        self._publisher.start()
        try:
            with closing(source):
                for moment in source.moments():
                    if isinstance(moment, Frame):
                        self._health.well(SOURCE)
                        self._publish(self._camera.see(moment))
                        self._show(moment)
                    else:
                        if not source.live:  # a recording may pause; a camera that is silent is not well
                            self._health.well(SOURCE)
                        self._publish(self._camera.quiet(moment.until_ms))
            ended = not self._clock.wait(0)  # a stop ends a source, too
        finally:
            self._publish(self._camera.finish())
            wait_s = self._settings.drain_timeout_s if ended and self._settings.once else STOP_S
            left = self._publisher.finish(wait_s)
            self._count_dropped()
        return Summary(
            camera=self._settings.camera,
            session=self._session,
            frames_analysed=self._camera.frames_analysed,
            frames_published=self._camera.frames_published,
            faces_published=self._camera.faces_published,
            tracks=self._camera.tracks,
            dropped=self._dropped,
            unacknowledged=left,
        )

    def _publish(self, events: list[Event]) -> None:
        for event in events:
            self._publisher.put(self._classify(event))
        self._count_dropped()

    def _show(self, frame: Frame) -> None:
        """Previews the frame that the camera has just seen, if that is wanted."""
        if self._previewer is None:
            return
        number = self._camera.frames_analysed - 1
        if preview := self._previewer.preview(frame, number, self._camera.hidden):
            self._publisher.show(preview)

    def _count_dropped(self) -> None:
        dropped = self._publisher.dropped()
        frames = dropped[Suffix.FACES] + dropped[Suffix.EMOTIONS]
        self._dropped += frames
        self._reporter.dropped(frames)


def check_delivered(summary: Summary) -> None:
    """Holds a run to the promise of ``--once``.

    Raises:
        NotDelivered: names how many messages were never acknowledged.
    """
    if summary.unacknowledged or summary.dropped:
        raise NotDelivered(
            f"messages not acknowledged in time: {summary.unacknowledged}, "
            f"frames dropped: {summary.dropped}; is the broker there, and does a worker listen?"
        )
