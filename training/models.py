"""The architectures: each takes grey pixels 0–255 and gives logits, one for each label.

Models are built without softmax and trained on logits: the same mathematics, numerically kinder, and the
exported model keeps its float logits, which a temperature can still divide.
"""

from collections.abc import Callable
from typing import Any

import keras

from contract.labels import CROP_SIDE, LABELS
from training.errors import RunError


def build_report_cnn() -> Any:
    """Build the original report's network of 4 convolutions, uncompiled; 2,345,607 parameters.

    The report gives the layers, not their details; these are the ones of the public form of its recipe: 3×3
    convolutions without padding, 2×2 max pooling, ReLU, dropout 0.25, 0.25 and 0.5.

    Returns:
        keras.Model: float32 (N, 48, 48, 1), grey 0–255, to float32 logits (N, 7).
    """
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((CROP_SIDE, CROP_SIDE, 1), name="crops"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(1024, activation="relu"),
            layers.Dropout(0.5),
            # bfloat16 logits would have 8 bits, in mixed precision too few for the loss
            layers.Dense(len(LABELS), name="logits", dtype="float32"),
        ],
        name="report-cnn",
    )


MODELS: dict[str, Callable[[], Any]] = {"report-cnn": build_report_cnn}


def build_model(architecture: str) -> Any:
    """Build the named architecture with fresh weights.

    Raises:
        RunError: there is no architecture of that name.
    """
    if architecture not in MODELS:
        raise RunError(f"unknown model {architecture!r}; there is {', '.join(sorted(MODELS))}")
    return MODELS[architecture]()


def count_multiply_adds(model: Any) -> int:
    """Multiply-accumulate operations of the convolutions and dense layers for one crop, biases aside."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            _, height, width, _ = layer.output.shape
            total += height * width * int(layer.kernel.shape.num_elements())
        elif isinstance(layer, keras.layers.Dense):
            total += int(layer.kernel.shape.num_elements())
    return total
