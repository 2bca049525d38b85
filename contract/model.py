"""The model card: what ``training`` writes beside a model and what a worker checks before it runs one."""

from typing import Final

import msgspec

CARD_FILE: Final = "model.json"
"""Name of a card, in the folder of the models that it describes."""


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One exported variant of the model.

    Attributes:
        name: file name, in the folder of the card.
        sha256: hex digest of the file.
        size_bytes: length of the file.
    """

    name: str
    sha256: str
    size_bytes: int


class ModelData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data set a model was trained on.

    Attributes:
        name: file or folder name of the data set as given.
        sha256: hex digest over the sorted (split/label/file name, sha256 of the bytes) of every image.
        train_images: number of images trained on.
        test_images: number of images scored.
        votes_sha256: hex digest of the file of FER+ votes; null: trained on the data set's labels alone.
    """

    name: str
    sha256: str
    train_images: int
    test_images: int
    votes_sha256: str | None = None


class ModelCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``model.json``: everything needed to run the model beside it, and how good it is.

    Attributes:
        version: unique name of this model; travels with every classified face.
        architecture: name under which ``training`` builds it, e.g. ``report-cnn``.
        labels: output order; must equal ``contract.labels.LABELS``.
        input_shape: height, width, channels of one crop; uint8, grey, 0–255 (the model rescales inside).
        temperature: divides the float logits before the softmax (1.0: uncalibrated).
        parameters: trained parameters.
        multiply_adds: multiply-accumulate operations for one crop.
        files: exported variants by name (``int8``, ``fp32``): uint8 crops in, float32 logits out. Beside a
            model of what FER+ voters see, ``…-original`` are its auxiliary heads for the data set's labels.
        metrics: scores by name, fractions of 1.
        data: what it was trained on.
        soft_confusion: S, 7 rows of 7: mean (calibrated) probability of the column's label over faces whose
            label is the row's, on images that were not learnt from; null: not measured.
    """

    version: str
    architecture: str
    labels: tuple[str, ...]
    input_shape: tuple[int, int, int]
    temperature: float
    parameters: int
    multiply_adds: int
    files: dict[str, ModelFile]
    metrics: dict[str, float]
    data: ModelData
    soft_confusion: tuple[tuple[float, ...], ...] | None = None
