import keras
import msgspec
import numpy as np
import pytest
import tensorflow as tf

from contract.labels import LABELS
from training.errors import RunError
from training.lite import predict_keras
from training.models import MODELS, build_model, count_multiply_adds, take_head
from training.normalization import FusedBatchNormalization
from training.recipes import MOODNET, RECIPES, REPORT_CNN

FACES = np.random.default_rng(1).integers(0, 256, (5, 48, 48, 1), dtype=np.uint8)
HEADS = ("ferplus", "original")


@pytest.fixture(autouse=True)
def _in_float32() -> None:
    keras.config.set_dtype_policy("float32")


def test_the_reports_network_has_its_four_convolutions_and_dense_layer() -> None:
    model = build_model(REPORT_CNN, ("original",))
    kernels = [layer.kernel.shape for layer in model.layers if hasattr(layer, "kernel")]
    assert [tuple(shape) for shape in kernels] == [
        (3, 3, 1, 32),
        (3, 3, 32, 64),
        (3, 3, 64, 128),
        (3, 3, 128, 128),
        (4 * 4 * 128, 1024),
        (1024, 7),
    ]
    assert model.count_params() == 2_345_607
    convolutions = 46**2 * 9 * 32 + 44**2 * 288 * 64 + 20**2 * 576 * 128 + 8**2 * 1152 * 128
    assert count_multiply_adds(model) == convolutions + 2048 * 1024 + 1024 * 7


def test_what_is_shipped_of_moodnet_keeps_its_budget() -> None:
    shipped = take_head(build_model(MOODNET, HEADS), "ferplus")
    assert count_multiply_adds(shipped) <= 130_000_000
    assert shipped.count_params() <= 3_000_000


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_pixels_are_rescaled_inside_the_model(recipe: msgspec.Struct) -> None:
    assert isinstance(recipe, type(MOODNET))
    model = build_model(recipe, HEADS)
    rescaling = model.layers[1]
    headless = keras.Model(rescaling.output, model.output)
    np.testing.assert_allclose(
        predict_keras(model, FACES),
        headless.predict(FACES / np.float32(255), verbose=0),
        rtol=1e-4,
        atol=1e-5,
    )


@pytest.mark.parametrize("architecture", MODELS)
def test_the_output_is_logits_of_each_head_not_probabilities(architecture: str) -> None:
    model = build_model(RECIPES[architecture], HEADS)
    logits = predict_keras(model, FACES)
    assert (logits.dtype.name, logits.shape) == ("float32", (5, 2, len(LABELS)))
    assert (logits < 0).any()
    for place, head in enumerate(HEADS):
        np.testing.assert_allclose(predict_keras(take_head(model, head), FACES), logits[:, place], atol=1e-5)


def test_there_is_a_recipe_for_every_architecture() -> None:
    assert list(RECIPES) == list(MODELS)


def test_an_unknown_model_is_refused() -> None:
    vgg = msgspec.structs.replace(MOODNET, architecture="vgg")
    with pytest.raises(RunError, match="unknown model 'vgg'; there is moodnet, report-cnn, teacher"):
        build_model(vgg, HEADS)


@pytest.mark.parametrize("training", [True, False])
def test_fused_normalization_gives_what_keras_gives(training: bool) -> None:
    x = tf.random.stateless_normal((4, 6, 6, 16), (1, 2)) * 3 + 1
    ours, theirs = FusedBatchNormalization(), keras.layers.BatchNormalization()
    results = []
    for layer in (ours, theirs):
        layer.build(x.shape)
        layer.set_weights([np.full(16, value, np.float32) for value in (1.5, 0.3, 0.7, 2.0)])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=training)
            loss = tf.reduce_sum(y**3)
        results.append((y.numpy(), tape.gradient(loss, x).numpy(), layer.moving_mean.numpy()))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-3)


def test_fused_normalization_learns_the_variance_of_what_it_sees() -> None:
    layer = FusedBatchNormalization(momentum=0.5)
    x = tf.random.stateless_normal((64, 8, 8, 16), (1, 2)) * 3
    for _ in range(20):
        layer(x, training=True)
    np.testing.assert_allclose(layer.moving_variance.numpy(), np.var(x, axis=(0, 1, 2)), rtol=1e-2)
