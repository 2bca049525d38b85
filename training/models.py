"""The architectures: each takes grey pixels 0–255 and gives logits, one for each label and head.

Models are built without softmax and trained on logits: the same mathematics, numerically kinder, and the
exported model keeps its float logits, which a temperature can still divide.
"""

from collections.abc import Callable
from typing import Any

import keras

from contract.labels import CROP_SIDE, LABELS
from training.errors import RunError
from training.normalization import FusedBatchNormalization
from training.recipes import Recipe

layers = keras.layers


def build_model(recipe: Recipe, heads: tuple[str, ...]) -> Any:
    """Build the recipe's architecture with fresh weights and one dense layer, named ``<head>``, a head.

    Args:
        recipe: names the architecture.
        heads: what the model answers, e.g. ``("ferplus", "original")``.

    Returns:
        keras.Model: float32 (N, 48, 48, 1), grey 0–255, to float32 logits (N, heads, 7).

    Raises:
        RunError: there is no architecture of that name.
    """
    if recipe.architecture not in MODELS:
        raise RunError(f"unknown model {recipe.architecture!r}; there is {', '.join(sorted(MODELS))}")
    crops = keras.Input((CROP_SIDE, CROP_SIDE, 1), name="crops")
    features = MODELS[recipe.architecture](layers.Rescaling(1 / 255)(crops), recipe)
    # bfloat16 logits would have 8 bits, in mixed precision too few for the loss
    logits = [layers.Dense(len(LABELS), name=head, dtype="float32")(features) for head in heads]
    stacked = [layers.Reshape((1, len(LABELS)), dtype="float32")(one) for one in logits]
    output = layers.Concatenate(axis=1, dtype="float32")(stacked) if len(heads) > 1 else stacked[0]
    return keras.Model(crops, output, name=recipe.architecture)


def take_head(model: Any, head: str) -> Any:
    """The same model with the logits of one head as its output, float32 (N, 7); the weights are shared."""
    return keras.Model(model.input, model.get_layer(head).output, name=f"{model.name}-{head}")


def build_report_cnn(crops: Any, _recipe: Recipe) -> Any:
    """Add the original report's four convolutions and dense layer; with one head 2,345,607 parameters.

    The report gives the layers, not their details; these are the ones of the public form of its recipe: 3×3
    convolutions without padding, 2×2 max pooling, ReLU, dropout 0.25, 0.25 and 0.5.
    """
    x = layers.Conv2D(32, 3, activation="relu")(crops)
    x = layers.Conv2D(64, 3, activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(0.25)(x)
    x = layers.Conv2D(128, 3, activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(128, 3, activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(0.25)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(1024, activation="relu")(x)
    return layers.Dropout(0.5)(x)


def build_moodnet(crops: Any, recipe: Recipe) -> Any:
    """Add the network that is shipped: at 24², 12² and 6² a strided convolution and a residual block each.

    Made for int8: a strided stem, because the few channels of a stem at 48² take longer than many at 24²;
    64, 128 and 192 channels, because processors with matrix units take 64 at a time; no convolutions on the
    shortcuts. Batch normalization folds into the convolutions when the model is exported.
    """
    x = crops
    for width in (recipe.width, 2 * recipe.width, 3 * recipe.width):
        x = _convolve(x, width, 2)
        x = _add_block(x, width)
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dropout(recipe.dropout)(x)


def build_teacher(crops: Any, recipe: Recipe) -> Any:
    """Add a stem and three stages of two basic residual blocks (He et al. 2016), then the mean over space.

    As wide as one likes: nobody ships it.
    """
    x = _convolve(crops, recipe.width // 2)
    for width in (recipe.width, 2 * recipe.width, 4 * recipe.width):
        x = _add_block(x, width, 2)
        x = _add_block(x, width)
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dropout(recipe.dropout)(x)


def _add_block(x: Any, width: int, stride: int = 1) -> Any:
    y = _convolve(x, width, stride)
    y = _convolve(y, width, activate=False)
    if stride > 1:
        x = _convolve(x, width, stride, side=1, activate=False)
    return layers.ReLU()(layers.Add()([x, y]))


def _convolve(x: Any, width: int, stride: int = 1, side: int = 3, activate: bool = True) -> Any:
    x = layers.Conv2D(
        width, side, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    x = FusedBatchNormalization()(x)
    return layers.ReLU()(x) if activate else x


MODELS: dict[str, Callable[[Any, Recipe], Any]] = {
    "report-cnn": build_report_cnn,
    "moodnet": build_moodnet,
    "teacher": build_teacher,
}


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
