"""What the emotion model says of clean renders: the part of all errors that is the model's own."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from contract.labels import LABELS
from demo.comparison import Floats
from demo.face_model import FaceModel
from demo.figure import Figure
from demo.truth import ScriptedFace
from runtime.classifier import Classifier

MIXTURE_DIGITS = 1
"""Morphs are looked at in tenths."""


def open_classifier(folder: Path, variant: str) -> Classifier:
    """The model of a folder, opened without LiteRT's own words on standard error.

    Raises:
        ModelUnusable: it is no model.
    """
    with _silent_native_code():
        return Classifier(folder, variant, threads=1, batch_faces=32)


class CleanRenders:
    """Classifies faces drawn frontal, evenly lit, without blur or noise, and cropped exactly.

    Args:
        model: of faces.
        classifier: of emotions.
    """

    def __init__(self, model: FaceModel, classifier: Classifier) -> None:
        self._model = model
        self._classifier = classifier
        self._figures: dict[int, Figure] = {}
        self._known: dict[tuple[int, tuple[float, ...]], Floats] = {}

    def read(self, faces: Sequence[ScriptedFace]) -> Floats:
        """Probabilities of the faces: float64 (n, 7), in the order of ``LABELS``."""
        wanted = [
            (face.seed, tuple(round(share, MIXTURE_DIGITS) for share in face.mixture)) for face in faces
        ]
        new = sorted(set(wanted) - self._known.keys())
        if new:
            crops = np.stack(
                [self._figure(seed).crop(np.array(mixture, np.float32)) for seed, mixture in new]
            )
            told = self._classifier.classify(crops).astype(np.float64)
            self._known.update(zip(new, told, strict=True))
        return np.array([self._known[one] for one in wanted]).reshape(len(faces), len(LABELS))

    def _figure(self, seed: int) -> Figure:
        if seed not in self._figures:
            self._figures[seed] = Figure(self._model, seed)
        return self._figures[seed]


@contextmanager
def _silent_native_code() -> Iterator[None]:
    """LiteRT says on file descriptor 2 that all is well, and has no setting against it."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nothing:
            os.dup2(nothing.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
