"""Whether a model is as sure as it is right: its temperature, its error, and what abstaining would give."""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from training.dataset import Classes
from training.evaluate import Logits, find_labelled

BINS: Final = 15
"""Confidence bins of equal width; the number of Guo et al. (2017)."""

TEMPERATURE_RANGE: Final = (0.05, 20.0)
"""Where a temperature is looked for; networks of this kind need 0.5–3."""

THRESHOLDS: Final = tuple(percent / 100 for percent in range(100))

Floats = npt.NDArray[np.float64]


class Bin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The images whose confidence lies in one interval; fractions of 1.

    Attributes:
        above: lower end of the interval, not part of it.
        up_to: upper end, part of it.
        count: number of images.
        confidence: mean probability of the label they were given; None without images.
        accuracy: share that has this label; None without images.
    """

    above: float
    up_to: float
    count: int
    confidence: float | None
    accuracy: float | None


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far confidence and accuracy lie apart.

    Attributes:
        ece: expected calibration error, Σ (count ÷ n) · |accuracy − confidence| over the bins.
        nll: mean negative log-likelihood of the label, in nats.
        bins: ``BINS`` of them, from 0 to 1.
    """

    ece: float
    nll: float
    bins: tuple[Bin, ...]


class AbstentionCurve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is won by giving no answer where confidence is low; fractions of 1, one value a threshold.

    Attributes:
        thresholds: an image is answered when its confidence is at least this; 0.00, 0.01 … 0.99.
        answered: share of the images that is answered.
        accuracy: share of the answers that is right; None where nothing is answered.
    """

    thresholds: tuple[float, ...]
    answered: tuple[float, ...]
    accuracy: tuple[float | None, ...]


def softmax(logits: Logits, temperature: float = 1.0) -> Floats:
    """Probabilities of logits divided by a temperature.

    Args:
        logits: float32, (N, 7).
        temperature: above 0; more than 1 makes the model less sure.

    Returns:
        float64, (N, 7); each row sums to 1.
    """
    return np.asarray(np.exp(_log_softmax(logits, temperature)))


def fit_temperature(logits: Logits, targets: Floats) -> float:
    """Find the temperature at which a model is as sure as people were.

    Guo et al. (2017), "On calibration of modern neural networks", section 4.2, with distributions as targets.
    The cross-entropy is convex in 1 ÷ temperature, so its one minimum is the global one.

    Args:
        logits: float32, (N, 7), of images that were not trained on.
        targets: float, (N, 7): votes as shares, or one-hot labels; each row sums to 1.

    Returns:
        The temperature of least mean cross-entropy in ``TEMPERATURE_RANGE``, to 1e-5 relative.
    """

    def cross_entropy(log_temperature: float) -> float:
        return -float((targets * _log_softmax(logits, np.exp(log_temperature))).sum(axis=1).mean())

    # in the logarithm a factor is a distance, so that both ends of the range are searched as finely
    bounds = tuple(np.log(TEMPERATURE_RANGE))
    found = minimize_scalar(cross_entropy, bounds=bounds, method="bounded", options={"xatol": 1e-5})
    return float(np.exp(found.x))


def measure_calibration(probabilities: Floats, labels: Classes) -> Calibration:
    """Compare confidence with accuracy.

    Naeini et al. (2015), "Obtaining well calibrated probabilities using Bayesian binning", with the bins of
    Guo et al. (2017), section 2.

    Args:
        probabilities: float, (N, 7); each row sums to 1.
        labels: int64, (N,), index into ``contract.labels.LABELS``, or ``NO_LABEL``: the image is left out.

    Raises:
        DatasetError: no image has a label.
    """
    labelled = find_labelled(labels)
    probabilities, labels = probabilities[labelled], labels[labelled]
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    places = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    gap, bins = 0.0, []
    for place in range(BINS):
        said, was = confidence[places == place], right[places == place]
        means = (float(said.mean()), float(was.mean())) if len(said) else (None, None)
        bins.append(Bin(place / BINS, (place + 1) / BINS, len(said), *means))
        # the bin's count times the difference of its means
        gap += abs(float(was.sum() - said.sum()))
    # a probability of 0 counts as the smallest float: one image must not make the mean infinite
    of_label = np.maximum(probabilities[np.arange(len(labels)), labels], np.finfo(np.float64).tiny)
    return Calibration(ece=gap / len(labels), nll=float(-np.log(of_label).mean()), bins=tuple(bins))


def abstention_curve(probabilities: Floats, labels: Classes) -> AbstentionCurve:
    """Measure the accuracy of what is answered against how much is.

    Geifman & El-Yaniv (2017), "Selective classification for deep neural networks", with the largest
    probability as the confidence.

    Args:
        probabilities: float, (N, 7); each row sums to 1.
        labels: int64, (N,), index into ``contract.labels.LABELS``, or ``NO_LABEL``: the image is left out.

    Raises:
        DatasetError: no image has a label.
    """
    labelled = find_labelled(labels)
    confidence = probabilities[labelled].max(axis=1)
    right = probabilities[labelled].argmax(axis=1) == labels[labelled]
    answered = [confidence >= threshold for threshold in THRESHOLDS]
    return AbstentionCurve(
        thresholds=THRESHOLDS,
        answered=tuple(float(kept.mean()) for kept in answered),
        accuracy=tuple(float(right[kept].mean()) if kept.any() else None for kept in answered),
    )


def _log_softmax(logits: Logits, temperature: float) -> Floats:
    # float64: the tails of a sure model vanish in float32; the maximum is taken off so that nothing overflows
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    return np.asarray(scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True)))
