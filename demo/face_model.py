"""Faces of nobody: a linear model of means and components, fitted by ``python -m training face-model``."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from contract.labels import LABELS
from runtime.errors import MoodLensError, reason_of

FILE: Final = Path(__file__).with_name("face_model.npz")

IDENTITY_SIGMA: Final = 0.5
"""How far identities scatter, in standard deviations of real faces: half as far looks like people and leaves
their expressions readable; as far as they do themselves looks like ghosts, since the components are not as
independent as the draws are."""

EXPRESSION_GAIN: Final = 1.5
"""How much further from the average of all expressions each one is than its class's mean.

A mean also holds those who show little: it is a caricature that is read as what it shows.
"""

STRONGER_GAIN: Final = {"fear": 1.8, "sad": 1.8}
"""Of the two expressions that are mistaken most easily."""

GREY_MEAN: Final = 140.0
GREY_SIGMA: Final = 48.0
"""Grey levels of the model's 0 and of its unit."""

Floats = npt.NDArray[np.float32]

_GAINS: Final = np.array([STRONGER_GAIN.get(label, EXPRESSION_GAIN) for label in LABELS], np.float32)


class FaceModelUnusable(MoodLensError):
    """The face model's file is missing, damaged or of another layout."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceModel:
    """Linear: face = mean + Σ identityₖ · componentₖ + Σ mixtureₗ · caricature of offsetₗ.

    Faces lie as in the crops that models know: eyes at (0.32, 0.39) and (0.68, 0.39) of their side.

    Attributes:
        mean: float32 (side, side), the mean neutral face, in standard deviations of grey.
        offsets: float32 (7, side, side), from neutral to each expression, in the order of ``LABELS``.
        components: float32 (k, side, side), one standard deviation of each component of identity.
    """

    mean: Floats
    offsets: Floats
    components: Floats

    def identity(self, seed: int) -> Floats:
        """Somebody who does not exist: float32 (k,), in standard deviations; the same for the same seed."""
        draws = np.random.default_rng(seed).standard_normal(len(self.components))
        return np.asarray(IDENTITY_SIGMA * draws, np.float32)

    def face(self, identity: Floats, mixture: Floats) -> npt.NDArray[np.uint8]:
        """A face.

        Args:
            identity: float32 (k,), in standard deviations.
            mixture: float32 (7,), share of each expression, in the order of ``LABELS``.

        Returns:
            uint8 (side, side), grey.
        """
        person = self.mean + np.tensordot(identity, self.components, axes=1)
        average = self.offsets.mean(axis=0)
        enlarged = average + _GAINS[:, None, None] * (self.offsets - average)
        shown = person + np.tensordot(mixture, enlarged, axes=1)
        return np.asarray(np.clip(GREY_MEAN + GREY_SIGMA * shown, 0, 255), np.uint8)


def load_face_model(file: Path = FILE) -> FaceModel:
    """Read the model.

    Args:
        file: as ``python -m training face-model`` writes it.

    Raises:
        FaceModelUnusable: it is missing, damaged or of another layout.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            mean, offsets = arrays["mean"].astype(np.float32), arrays["offsets"].astype(np.float32)
            components = arrays["components"] * arrays["scales"][:, None, None]
            labels = tuple(arrays["labels"].tolist())
    except OSError as error:
        raise FaceModelUnusable(f"no face model in {file}: {reason_of(error)}") from None
    except (EOFError, ValueError, KeyError, IndexError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise FaceModelUnusable(f"{file} is no face model: {error}") from None
    shapes_fit = mean.ndim == 2 and offsets.shape == (len(LABELS), *mean.shape)
    if not shapes_fit or components.shape[1:] != mean.shape or labels != LABELS:
        raise FaceModelUnusable(f"{file} is no face model with the expressions {', '.join(LABELS)}")
    return FaceModel(mean, offsets, np.asarray(components, np.float32))
