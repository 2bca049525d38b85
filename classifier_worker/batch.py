"""From deliveries to stream events: validate, classify all faces together, put them back in their frames."""

import logging
from dataclasses import dataclass, field
from typing import Final

from classifier_worker.intake import Delivery
from contract.codec import CameraEvent, LogEvent, Reason, Refused, check_origin, decode
from contract.events import CROP_LIFETIME_S, SCHEMA, CameraReport, FrameEmotions, FrameFaces, FrameLoss
from contract.topics import Suffix, parse_topic
from runtime.classifier import Classifier
from runtime.emotions import emotions_of

log = logging.getLogger(__name__)

_EVENT_OF: Final[dict[Suffix, type[CameraEvent]]] = {
    Suffix.FACES: FrameFaces,
    Suffix.EMOTIONS: FrameEmotions,
    Suffix.REPORTS: CameraReport,
}
_LAST_S: Final = 2  # expiries are whole seconds, at the camera and at the broker


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
        emotions = iter(emotions_of(frames, classifier, now_ms))
        events: list[LogEvent] = [
            next(emotions) if isinstance(event, FrameFaces) else event for event in self.events
        ]
        return events + list(self.losses)

    def _take(self, delivery: Delivery, now_ms: int) -> CameraEvent | None:
        """The event of a delivery; None: it was refused, or is empty."""
        self.deliveries.append(delivery)
        if not delivery.payload:  # so the broker's sweep takes back what a camera had it keep
            return None
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
    if delivery.retained:
        raise Refused(Reason.RETAINED, "the broker is to keep no message of a camera but its status")
    event: CameraEvent = decode(delivery.payload, _EVENT_OF[suffix])
    check_origin(event, camera, now_ms)
    if isinstance(event, FrameFaces) and not _expires(delivery.left_s, now_ms - event.captured_at_ms):
        raise Refused(Reason.UNBOUNDED, f"a crop must expire, within {CROP_LIFETIME_S} s")
    return event


def _expires(left_s: int | None, age_ms: int) -> bool:
    """Whether a crop was given a lifetime that is none too long.

    In a message's last second Mosquitto leaves its expiry out: then its age, by the camera's clock, tells.
    """
    if left_s is None:
        return age_ms >= (CROP_LIFETIME_S - _LAST_S) * 1000
    return left_s <= CROP_LIFETIME_S
