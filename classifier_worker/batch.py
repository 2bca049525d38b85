"""From deliveries to stream events: validate, classify all faces together, put them back in their frames."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, cast

import numpy as np

from classifier_worker.classifier import Classifier, Crops
from classifier_worker.intake import Delivery
from contract.codec import CameraEvent, LogEvent, Reason, Refused, check_origin, decode
from contract.events import (
    SCHEMA,
    CameraReport,
    FaceEmotions,
    FrameEmotions,
    FrameFaces,
    FrameLoss,
    Probabilities,
)
from contract.labels import CROP_SIDE
from contract.topics import Suffix, parse_topic

log = logging.getLogger(__name__)

_EVENT_OF: Final[dict[Suffix, type[CameraEvent]]] = {
    Suffix.FACES: FrameFaces,
    Suffix.EMOTIONS: FrameEmotions,
    Suffix.REPORTS: CameraReport,
}
_DECIMALS = 6  # windows count in millionths


@dataclass(slots=True)
class Batch:
    """Deliveries taken together.

    Attributes:
        deliveries: all of them; acknowledged together, once what they became is in Redis.
        events: valid camera events, in order of arrival.
        losses: what to tell the windows of refused messages whose camera is known, and of shed frames.
        refusals: (topic, reason, detail) of each refused message.
        shed: frames that are not classified, as they are too old.
        faces: crops to classify.
    """

    deliveries: list[Delivery] = field(default_factory=list)
    events: list[CameraEvent] = field(default_factory=list)
    losses: list[FrameLoss] = field(default_factory=list)
    refusals: list[tuple[str, Reason, str]] = field(default_factory=list)
    shed: int = 0
    faces: int = 0

    def add(self, delivery: Delivery, now_ms: int) -> None:
        """Takes one more delivery; a refused one is kept as a refusal."""
        event = self._take(delivery, now_ms)
        if event:
            self.events.append(event)
        if isinstance(event, FrameFaces):
            self.faces += len(event.faces)

    def add_shed(self, delivery: Delivery, now_ms: int) -> None:
        """Takes a delivery of a frame that is not to be classified; a refused one is kept as a refusal."""
        frame = self._take(delivery, now_ms)
        if isinstance(frame, FrameFaces):
            self.shed += 1
            self.losses.append(
                FrameLoss(SCHEMA, frame.camera, frame.captured_at_ms, "shed", frame.session, frame.frame)
            )

    def classified(self, classifier: Classifier, now_ms: int) -> list[LogEvent]:
        """Everything of the batch that goes into the streams.

        Args:
            classifier: gives the probabilities.
            now_ms: UTC; becomes ``classified_at_ms``.
        """
        frames = [event for event in self.events if isinstance(event, FrameFaces)]
        probabilities = iter(_probabilities(frames, classifier))
        version = classifier.card.version
        events: list[LogEvent] = [
            _with_emotions(event, probabilities, version, now_ms) if isinstance(event, FrameFaces) else event
            for event in self.events
        ]
        return events + list(self.losses)

    def _take(self, delivery: Delivery, now_ms: int) -> CameraEvent | None:
        """The event of a delivery; None: it was refused."""
        self.deliveries.append(delivery)
        try:
            return _validate(delivery, now_ms)
        except Refused as refused:
            self._refuse(delivery.topic, refused, now_ms)
            return None

    def _refuse(self, topic: str, refused: Refused, now_ms: int) -> None:
        self.refusals.append((topic, refused.reason, refused.detail))
        log.debug("refused a message on %s: %s", topic, refused)
        known = parse_topic(topic)
        if known:
            self.losses.append(FrameLoss(SCHEMA, known[0], now_ms, "refused"))


def _validate(delivery: Delivery, now_ms: int) -> CameraEvent:
    known = parse_topic(delivery.topic)
    if known is None or known[1] not in _EVENT_OF:
        raise Refused(Reason.UNKNOWN_TOPIC, "no site/camera name, or no topic of a camera")
    camera, suffix = known
    event: CameraEvent = decode(delivery.payload, _EVENT_OF[suffix])
    check_origin(event, camera, now_ms)
    return event


def _probabilities(frames: list[FrameFaces], classifier: Classifier) -> list[list[float]]:
    pixels = b"".join(face.crop for frame in frames for face in frame.faces)
    if not pixels:
        return []
    crops: Crops = np.frombuffer(pixels, np.uint8).reshape(-1, CROP_SIDE, CROP_SIDE)
    # rounded in float64: a rounded float32 prints as 0.12345600128
    rows: list[list[float]] = classifier.classify(crops).astype(np.float64).round(_DECIMALS).tolist()
    return rows


def _with_emotions(
    frame: FrameFaces, probabilities: Iterator[list[float]], version: str, now_ms: int
) -> FrameEmotions:
    faces = tuple(
        FaceEmotions(
            face.track,
            face.zone,
            face.box,
            face.score,
            face.frontal,
            cast("Probabilities", tuple(next(probabilities))),
        )
        for face in frame.faces
    )
    return FrameEmotions(
        SCHEMA,
        frame.camera,
        frame.session,
        frame.frame,
        frame.captured_at_ms,
        frame.interval_ms,
        version,
        now_ms,
        faces,
    )
