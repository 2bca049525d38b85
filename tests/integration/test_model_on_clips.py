"""What the shipped model reads in real clips, framed as a camera frames them."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from classifier_worker.settings import SHIPPED_MODEL
from contract.labels import CROP_SIDE, LABELS
from producer.framing import crop_face
from producer.recording import VideoFile
from producer.yunet import Yunet
from runtime.classifier import Classifier
from tests.support.framing import open_detectors


@pytest.fixture(scope="module")
def yunet(shared: Path) -> Yunet:
    return open_detectors(shared / "models/face_detection_yunet_2023mar.onnx")[0]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(SHIPPED_MODEL, "int8", threads=1, batch_faces=32)


def read_clip(clip: Path, yunet: Yunet, classifier: Classifier) -> Counter[str]:
    """How many face-frames of a clip the model gives each label first."""
    crops = []
    for _, image in VideoFile(clip).pictures():
        if image is None:
            continue
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        crops += [np.frombuffer(crop_face(grey, face), np.uint8) for face in yunet.detect(image)]
    said = classifier.classify(np.stack(crops).reshape(-1, CROP_SIDE, CROP_SIDE))
    return Counter(LABELS[int(label)] for label in said.argmax(axis=1))


def describe(seen: Counter[str], classifier: Classifier) -> str:
    shares = ", ".join(f"{label} {count / seen.total():.1%}" for label, count in seen.most_common())
    return f"{classifier.card.version} on {seen.total()} face-frames: {shares}"


def test_a_smiling_man_is_read_as_happy(shared: Path, yunet: Yunet, classifier: Classifier) -> None:
    seen = read_clip(shared / "data/videos/head-pose-face-detection-male.gif", yunet, classifier)
    assert seen.total() >= 60
    assert seen["happy"] >= 0.95 * seen.total(), describe(seen, classifier)


def test_listeners_in_a_classroom_are_mostly_neutral(
    shared: Path, yunet: Yunet, classifier: Classifier
) -> None:
    seen = read_clip(shared / "data/videos/classroom.gif", yunet, classifier)
    assert seen.total() >= 150
    assert seen["neutral"] > 0.5 * seen.total(), describe(seen, classifier)
