"""What a model makes of a crowd, and back: S, and the shares that a mean probability vector stands for.

S[i, j] is the mean probability of label j over faces whose true label is i. A crowd with true shares π has
the mean probability vector q = Sᵀπ, whatever π is, so π is found from q. (The multi-class form of "scaled
probability average", Bella et al. 2010, "Quantification via probability estimators"; as a constrained least
squares problem in Firat 2016, "Unified framework for quantification".)
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from contract.labels import LABELS
from training.calibration import Floats
from training.dataset import Classes
from training.evaluate import find_labelled

SUM_WEIGHT: Final = 1e3
"""How much more "the shares sum to 1" weighs than a component of q (Lawson & Hanson 1974, chapter 22)."""

PRIOR_FACES: Final = 3
"""How many made-up faces a row of S starts with.

Disgust has 10–20 validation images, and noise in its row goes into all seven shares. Measured with
``report-cnn`` on 16 random cuts of PublicTest (FER+ labels, 6 images of disgust): mean error of the recovered
shares 0.272 without, 0.250, 0.236, 0.228, 0.221 with 1, 2, 3, 5; with 28 images of it 0.167 and 0.163–0.166.
"""

DRAWS: Final = 200
FACES: Final = 1000


class Recovery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far estimated shares lie from the true ones in crowds of shifted mixes: mean Σ|estimate − truth|.

    Attributes:
        draws: number of crowds.
        faces: faces in each.
        raw: error of the mean probabilities as they are (0: none, 2: the largest there is).
        hard: error of the shares of largest probabilities.
        corrected: error of the shares recovered through S.
    """

    draws: int
    faces: int
    raw: float
    hard: float
    corrected: float


def measure_soft_confusion(probabilities: Floats, labels: Classes) -> Floats:
    """Measure S on images that the model was neither trained nor tested on.

    Every row starts from ``PRIOR_FACES`` faces of average difficulty: their label has the mean of what
    the seven labels get on their own faces, the rest is spread evenly over the six others.

    Args:
        probabilities: float, (N, 7); each row sums to 1.
        labels: int64, (N,), index into ``contract.labels.LABELS``, or ``NO_LABEL``: the image is left out.

    Returns:
        S, float64, (7, 7); each row sums to 1. The row of a label without images is the prior.

    Raises:
        DatasetError: no image has a label.
    """
    labelled = find_labelled(labels)
    of_label = np.eye(len(LABELS))[labels[labelled]]
    counts, sums = of_label.sum(axis=0), of_label.T @ probabilities[labelled]
    right = float((np.diagonal(sums)[counts > 0] / counts[counts > 0]).mean())
    prior = np.full(sums.shape, (1 - right) / (len(LABELS) - 1))
    np.fill_diagonal(prior, right)
    return np.asarray((sums + PRIOR_FACES * prior) / (counts + PRIOR_FACES)[:, np.newaxis], np.float64)


def recover_shares(mean_probability: Floats, soft_confusion: Floats) -> Floats:
    """Find the shares whose mean probabilities come closest: argmin ‖Sᵀπ − q‖ with π ≥ 0 and Σπ = 1.

    Args:
        mean_probability: q, float, (7,); sums to 1.
        soft_confusion: S, float, (7, 7); each row sums to 1.

    Returns:
        π, float64, (7,); no component is negative, and they sum to 1.
    """
    # non-negative least squares (Lawson & Hanson 1974, chapter 23) with the sum as a heavy eighth equation
    equations = np.vstack((soft_confusion.T, np.full(len(LABELS), SUM_WEIGHT)))
    shares, _ = nnls(equations, np.append(mean_probability, SUM_WEIGHT))
    return np.asarray(shares / shares.sum(), np.float64)


def measure_recovery(probabilities: Floats, labels: Classes, soft_confusion: Floats, seed: int) -> Recovery:
    """Draw crowds of other mixes from labelled images and compare three ways of telling their shares.

    The mix of each crowd is uniform over all mixes of the labels that occur (a flat Dirichlet distribution);
    its faces are drawn with replacement. The truth is the mix of the faces drawn.

    Args:
        probabilities: float, (N, 7), of images that S was not measured on; each row sums to 1.
        labels: int64, (N,), index into ``contract.labels.LABELS``, or ``NO_LABEL``: the image is left out.
        soft_confusion: S, float, (7, 7).
        seed: of mixes and faces.

    Raises:
        DatasetError: no image has a label.
    """
    rng = np.random.default_rng(seed)
    present = np.unique(labels[find_labelled(labels)])
    errors = np.zeros((DRAWS, 3))
    for draw in range(DRAWS):
        counts = rng.multinomial(FACES, rng.dirichlet(np.ones(len(present))))
        drawn = np.concatenate(
            [rng.choice(np.flatnonzero(labels == label), n) for label, n in zip(present, counts, strict=True)]
        )
        truth = _shares(labels[drawn])
        raw = probabilities[drawn].mean(axis=0)
        hard = _shares(probabilities[drawn].argmax(axis=1))
        estimates = np.stack((raw, hard, recover_shares(raw, soft_confusion)))
        errors[draw] = np.abs(estimates - truth).sum(axis=1)
    raw_error, hard_error, corrected_error = errors.mean(axis=0).tolist()
    return Recovery(DRAWS, FACES, raw_error, hard_error, corrected_error)


def _shares(labels: npt.NDArray[np.int64]) -> Floats:
    return np.bincount(labels, minlength=len(LABELS)) / len(labels)
