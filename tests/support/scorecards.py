"""A scorecard of a model that does not exist, for tests and for looking at the report."""

import numpy as np

from training.calibration import fit_temperature, softmax
from training.evaluate import NO_LABEL, Logits
from training.scorecard import ModelFacts, Scorecard, TestImages, make_scorecard
from training.soft_confusion import measure_soft_confusion

COUNTS = (250, 24, 60, 880, 1060, 290, 390)
"""Faces a label, about as FER+ has them in PublicTest."""

TAKEN_FOR = {0: (4, 5), 1: (0, 0), 2: (6, 5), 3: (4, 4), 4: (5, 3), 5: (4, 0), 6: (2, 4)}
"""What a face is taken for when it is misread: each label's two neighbours."""

NOISE = (1.5, 0.9, 0.0, 0.1, 0.4, 0.8, 0.9, 0.95, 1.1, 0.6, 1.2, 0.5)
"""What each degradation in turn adds to the logits."""


def draw_faces(seed: int, strength: float = 3.2) -> tuple[Logits, np.ndarray]:
    """Logits of a model that is right nine times in ten, and the true labels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(7), COUNTS)
    logits = rng.normal(0, 0.8, (len(labels), 7))
    logits[np.arange(len(labels)), labels] += rng.gamma(3, strength / 3, len(labels))
    for label, neighbours in TAKEN_FOR.items():
        for neighbour in neighbours:
            logits[labels == label, neighbour] += rng.gamma(1, 0.5, COUNTS[label])
    return logits.astype(np.float32), labels


def make_example(version: str = "moodnet-1a2b3c4d", strength: float = 5.0) -> Scorecard:
    """Score a model that does not exist on faces that do not exist; a quarter of the labels are doubtful."""
    logits, labels = draw_faces(1, strength)
    validation, validation_labels = draw_faces(3, strength)
    temperature = fit_temperature(validation, np.eye(7)[validation_labels])
    rng = np.random.default_rng(2)
    classes = np.where(rng.random(len(labels)) < 0.25, rng.permutation(labels), labels)
    majority = np.where(rng.random(len(labels)) < 0.1, NO_LABEL, labels)
    said = logits[majority != NO_LABEL]
    noise = iter(rng.normal(0, level, said.shape) for level in NOISE)
    return make_scorecard(
        ModelFacts(
            version=version,
            parameters=1_614_343,
            multiply_adds=128_402_112,
            bytes=1_702_344,
            temperature=temperature,
            milliseconds_single=0.52,
            milliseconds_batched=0.44,
        ),
        TestImages(
            "fer2013.zip",
            np.zeros((len(labels), 48, 48, 1), np.uint8),
            classes,
            majority,
            rng.random(len(labels)) < 0.08,
        ),
        logits,
        soft_confusion=measure_soft_confusion(softmax(validation, temperature), validation_labels),
        predict=lambda _: (said + next(noise)).astype(np.float32),
    )
