import struct
from pathlib import Path

import keras
import msgspec
import numpy as np
import pytest

from contract.labels import LABELS
from training.cli import MODEL_NAMES
from training.errors import ExportError, RunError
from training.evaluate import Scores, score
from training.export import refuse_if_worse
from training.fit import compile_model, load_trained, load_weights, save_weights
from training.lite import predict_keras
from training.models import MODELS, build_model, count_multiply_adds
from training.plots import plot_history
from training.progress import format_epoch
from training.runs import Epoch, History, RunFolder, RunSettings

SETTINGS = RunSettings("report-cnn", 64, 1e-4, 1, "float32", "0" * 64)
FACES = np.random.default_rng(1).integers(0, 256, (5, 48, 48, 1), dtype=np.uint8)


def test_the_reports_network_has_its_four_convolutions_and_dense_layer() -> None:
    model = build_model("report-cnn")
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


def test_pixels_are_rescaled_inside_the_model() -> None:
    model = build_model("report-cnn")
    headless = keras.Sequential(model.layers[1:])
    np.testing.assert_allclose(
        predict_keras(model, FACES),
        headless.predict(FACES / np.float32(255), verbose=0),
        rtol=1e-4,
        atol=1e-5,
    )


def test_the_output_is_logits_not_probabilities() -> None:
    logits = predict_keras(build_model("report-cnn"), FACES)
    assert logits.dtype == np.float32
    assert logits.shape == (5, len(LABELS))
    assert (logits < 0).any()


def test_the_command_line_offers_every_model() -> None:
    assert tuple(MODELS) == MODEL_NAMES


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(RunError, match="unknown model 'vgg'; there is report-cnn"):
        build_model("vgg")


def test_saved_weights_give_the_same_logits_in_a_new_model(tmp_path: Path) -> None:
    model = compile_model(SETTINGS)
    model.train_on_batch(FACES, np.arange(5))
    save_weights(model, tmp_path / "a.weights.h5")
    again = load_trained(SETTINGS, tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(predict_keras(model, FACES), predict_keras(again, FACES))


def test_a_model_trained_in_mixed_precision_is_scored_in_float(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SETTINGS, precision="mixed_bfloat16")
    model = compile_model(settings)
    model.train_on_batch(FACES, np.arange(5))
    save_weights(model, tmp_path / "a.weights.h5")
    again = load_trained(settings, tmp_path / "a.weights.h5")
    assert {layer.compute_dtype for layer in again.layers} == {"float32"}
    np.testing.assert_allclose(predict_keras(model, FACES), predict_keras(again, FACES), atol=0.05)


def test_the_state_of_the_optimiser_is_saved_with_the_weights(tmp_path: Path) -> None:
    model = compile_model(SETTINGS)
    model.train_on_batch(FACES, np.arange(5))
    save_weights(model, tmp_path / "a.weights.h5")
    again = compile_model(SETTINGS)
    again.optimizer.build(again.trainable_variables)
    load_weights(again, tmp_path / "a.weights.h5")
    assert int(again.optimizer.iterations) == 1
    for one, other in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_weights_that_are_missing_or_damaged_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"a\.weights\.h5 does not exist"):
        load_trained(SETTINGS, tmp_path / "a.weights.h5")
    (tmp_path / "a.weights.h5").write_bytes(b"damaged")
    with pytest.raises(RunError, match=r"a\.weights\.h5 does not hold weights of report-cnn"):
        load_trained(SETTINGS, tmp_path / "a.weights.h5")


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    other = keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten(), keras.layers.Dense(7)])
    save_weights(other, tmp_path / "a.weights.h5")
    with pytest.raises(RunError, match="does not hold weights of report-cnn"):
        load_trained(SETTINGS, tmp_path / "a.weights.h5")


def test_scores_count_all_images_and_those_that_are_no_duplicates() -> None:
    classes = np.array([0, 1, 2, 3, 4, 5, 6, 6], dtype=np.int64)
    said = np.array([0, 1, 2, 3, 0, 0, 6, 0])
    duplicates = np.array([1, 1, 1, 0, 0, 0, 0, 0], dtype=np.bool_)
    scores = score(np.eye(7, dtype=np.float32)[said], classes, duplicates)
    assert (scores.images, scores.accuracy) == (8, 5 / 8)
    assert (scores.images_deduplicated, scores.accuracy_deduplicated) == (5, 2 / 5)
    recalls = {"angry": 1, "disgust": 1, "fear": 1, "happy": 1, "neutral": 0, "sad": 0, "surprise": 0.5}
    assert scores.recalls == recalls


@pytest.mark.parametrize("int8", [0.7, 0.6, 0.5951])
def test_int8_may_gain_or_lose_half_a_point(int8: float) -> None:
    refuse_if_worse(Scores(1000, 0.6, 900, 0.6, {}), Scores(1000, int8, 900, int8, {}))


def test_int8_that_loses_more_than_half_a_point_is_refused() -> None:
    with pytest.raises(ExportError, match=r"int8 loses 0\.60 points of accuracy .*; 0\.5 are allowed"):
        refuse_if_worse(Scores(1000, 0.6, 900, 0.6, {}), Scores(1000, 0.594, 900, 0.594, {}))


def make_history(epochs: int) -> History:
    return History(
        tuple(Epoch(n, 2 / n, 1 - 0.5 / n, 2.5 / n, 0.9 - 0.5 / n, 60.0) for n in range(1, epochs + 1))
    )


@pytest.mark.parametrize("epochs", [1, 50])
def test_the_curves_are_drawn_as_a_png(epochs: int) -> None:
    png = plot_history(make_history(epochs), "report-cnn")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (1650, 675)


def test_a_line_of_the_log_says_scores_and_remaining_time() -> None:
    line = format_epoch(make_history(2).epochs[1], 50)
    assert line.startswith("epoch  2/50  train loss 1.0000 accuracy 0.7500  test loss 1.2500 accuracy 0.6500")
    assert line.endswith("60.0 s  remaining 0:48:00")


def test_a_run_keeps_its_history_and_the_newest_weights_only(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    assert folder.open(SETTINGS) == History()
    for epochs in (1, 2):
        folder.weights(epochs).write_bytes(b"weights")
        folder.write_history(make_history(epochs))
    assert folder.open(SETTINGS) == make_history(2)
    assert folder.find_weights() == folder.weights(2)
    assert not folder.weights(1).exists()
    lines = (tmp_path / "run" / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,train_loss,train_accuracy,test_loss,test_accuracy,seconds"
    assert len(lines) == 3


def test_weights_that_were_saved_but_not_yet_counted_do_not_count(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.open(SETTINGS)
    folder.weights(1).write_bytes(b"weights")
    assert folder.open(SETTINGS) == History()
    with pytest.raises(RunError, match="has no finished epoch yet"):
        folder.find_weights()


def test_a_run_with_other_settings_is_refused(tmp_path: Path) -> None:
    RunFolder(tmp_path).open(SETTINGS)
    with pytest.raises(RunError, match="holds a run with batch_size 64, not 32; give another --out"):
        RunFolder(tmp_path).open(RunSettings("report-cnn", 32, 1e-4, 1, "float32", "0" * 64))


def test_a_run_that_lost_its_weights_or_has_a_damaged_history_is_refused(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.open(SETTINGS)
    folder.write_history(make_history(3))
    with pytest.raises(RunError, match=r"epoch-003\.weights\.h5 is missing"):
        folder.read_history()
    (tmp_path / "history.json").write_text("{")
    with pytest.raises(RunError, match=r"history\.json cannot be read"):
        folder.read_history()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"run\.json does not exist"):
        RunFolder(tmp_path).read_settings()
