"""Classification on the camera itself: emotions leave it, pixels do not."""

import importlib.util
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from contract.events import CameraReport, FrameEmotions, FrameFaces
from producer.errors import ClassifierUnusable
from producer.metrics import CLASSIFY_SECONDS
from producer.settings import ProducerSettings

if TYPE_CHECKING:
    from runtime.classifier import Classifier

Outgoing = FrameFaces | FrameEmotions | CameraReport

_FACES_AT_ONCE = 8  # of one frame: there is seldom more, and each size has an interpreter of its own
_SHIPPED = Path(__file__).parents[1] / "classifier_worker" / "model"


class Classify(Protocol):
    """What becomes of an event before it leaves the camera."""

    def __call__(self, event: FrameFaces | CameraReport) -> Outgoing:
        """The event to send."""


def leave_as_it_is(event: FrameFaces | CameraReport) -> Outgoing:
    """Faces leave the camera as crops; a worker classifies them."""
    return event


class OnDevice:
    """Faces leave the camera as emotions.

    Args:
        classifier: gives the probabilities.
    """

    def __init__(self, classifier: "Classifier") -> None:
        self._classifier = classifier

    def __call__(self, event: FrameFaces | CameraReport) -> Outgoing:
        """The event without pixels."""
        if not isinstance(event, FrameFaces):
            return event
        from runtime.emotions import emotions_of  # noqa: PLC0415  (needs LiteRT)

        with CLASSIFY_SECONDS.time():
            return emotions_of([event], self._classifier, time.time_ns() // 1_000_000)[0]


def open_classify(settings: ProducerSettings) -> Classify:
    """What the settings ask for; LiteRT is loaded only where it is needed.

    Raises:
        ClassifierUnusable: LiteRT is not installed.
        ModelUnusable: there is no model, or not one of ours.
    """
    if not settings.classify:
        return leave_as_it_is
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise ClassifierUnusable("--classify needs LiteRT: pip install '.[producer,classify]'")
    from runtime.classifier import Classifier  # noqa: PLC0415

    folder = settings.model_dir or _SHIPPED
    return OnDevice(Classifier(folder, settings.model_variant, settings.threads, _FACES_AT_ONCE))
