"""Everything that one evaluation of a model says, as one JSON document."""

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from training.calibration import (
    AbstentionCurve,
    Calibration,
    Floats,
    abstention_curve,
    measure_calibration,
    softmax,
)
from training.dataset import Classes, Images
from training.evaluate import Flags, Logits, Scores, score
from training.robustness import Predict, measure_robustness
from training.soft_confusion import Recovery, measure_recovery

SEED: Final = 1
"""Of the crowds of the recovery and the noise of the degradations."""

Matrix = tuple[tuple[float, ...], ...]


class ModelFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model is and costs.

    Attributes:
        version: unique name, as in its card.
        parameters: trained parameters.
        multiply_adds: multiply-accumulate operations for one face; None where nobody counted them.
        bytes: length of its file.
        temperature: divides the logits before the softmax.
        milliseconds_single: of one thread for a face given alone; None where it was not timed.
        milliseconds_batched: of one thread for a face in a batch of 32; likewise.
        convolution_share: its multiply-adds a second in such batches, as a share of those of the fastest int8
            convolution that LiteRT runs on the same machine; None where it was not measured.
    """

    version: str
    parameters: int
    multiply_adds: int | None
    bytes: int
    temperature: float
    milliseconds_single: float | None
    milliseconds_batched: float | None
    convolution_share: float | None = None


class DataFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model was scored on.

    Attributes:
        name: file or folder name of the data set as given.
        images: number of test images.
        duplicates: those whose pixels equal a training image; None where the training images are not known.
    """

    name: str
    images: int
    duplicates: int | None


class CalibratedScores(Scores, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Scores, and the expected calibration error of the probabilities against the same labels.

    Attributes:
        ece: fraction of 1; see ``training.calibration``.
    """

    ece: float


class Scorecard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model on one set of test images.

    Attributes:
        model: what was scored.
        data: on what.
        original: scores against the labels of the data set: of the auxiliary head that was trained on them
            where there is one, else of the head that is shipped.
        ferplus: scores of the shipped head against the majority of FER+ votes; None without votes.
        reference: the labels behind everything below: ``ferplus`` where there are votes, else ``original``.
        calibration: of the shipped head's probabilities.
        abstention: likewise.
        soft_confusion: S, from images of the validation cut; None where it was not measured.
        recovery: what S recovers on the test images; None without S.
        robustness: accuracy of the shipped head by name of the degradation; None where it was not measured.
        peer: another model on the same images, in the same run.
    """

    model: ModelFacts
    data: DataFacts
    original: Scores
    ferplus: CalibratedScores | None
    reference: Literal["ferplus", "original"]
    calibration: Calibration
    abstention: AbstentionCurve
    soft_confusion: Matrix | None
    recovery: Recovery | None
    robustness: dict[str, float] | None
    peer: "Scorecard | None" = None


@dataclass(frozen=True)
class TestImages:
    """Images to score on, with all that is known of them.

    Attributes:
        name: file or folder name of the data set as given.
        images: uint8, (N, 48, 48, 1).
        classes: int64, (N,), the data set's labels.
        majority: int64, (N,), the label of more than half of the FER+ votes, or ``NO_LABEL``; None without
            votes.
        duplicates: bool, (N,), from ``training.dataset.find_duplicates``; None where the training images are
            not known.
    """

    __test__ = False  # to pytest, a class of this name is a test

    name: str
    images: Images
    classes: Classes
    majority: Classes | None
    duplicates: Flags | None


def make_scorecard(
    model: ModelFacts,
    test: TestImages,
    logits: Logits,
    *,
    original_logits: Logits | None = None,
    soft_confusion: Floats | None = None,
    predict: Predict | None = None,
) -> Scorecard:
    """Score a model from what it says to the test images.

    Args:
        model: what is scored.
        test: the images.
        logits: float32, (N, 7), of the shipped head.
        original_logits: float32, (N, 7), of the auxiliary head for the data set's labels, where there is one.
        soft_confusion: S, float, (7, 7), from the validation cut; without it nothing is recovered.
        predict: the shipped head; without it robustness is not measured.

    Raises:
        DatasetError: votes are given, and no image has a majority.
    """
    labels = test.classes if test.majority is None else test.majority
    probabilities = softmax(logits, model.temperature)
    calibration = measure_calibration(probabilities, labels)
    ferplus = None
    if test.majority is not None:
        scores = score(logits, labels, test.duplicates)
        ferplus = CalibratedScores(**msgspec.structs.asdict(scores), ece=calibration.ece)
    recovery = rows = None
    if soft_confusion is not None:
        recovery = measure_recovery(probabilities, labels, soft_confusion, SEED)
        rows = tuple(tuple(row) for row in soft_confusion.tolist())
    return Scorecard(
        model=model,
        data=DataFacts(
            name=test.name,
            images=len(test.classes),
            duplicates=None if test.duplicates is None else int(test.duplicates.sum()),
        ),
        original=score(logits if original_logits is None else original_logits, test.classes, test.duplicates),
        ferplus=ferplus,
        reference="original" if test.majority is None else "ferplus",
        calibration=calibration,
        abstention=abstention_curve(probabilities, labels),
        soft_confusion=rows,
        recovery=recovery,
        robustness=None if predict is None else measure_robustness(predict, test.images, labels, SEED),
    )
