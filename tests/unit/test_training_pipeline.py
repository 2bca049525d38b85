"""One small data set, trained by the command, killed, resumed, exported and scored: the whole way, once."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from contract.labels import LABELS
from contract.model import ModelCard
from training.cli import main
from training.dataset import Dataset, load_dataset
from training.errors import ExportError
from training.export import export_run, pick_calibration_crops, read_export
from training.fit import load_trained
from training.lite import open_lite, predict_keras, predict_lite
from training.runs import RunFolder

EPOCHS = 4


def draw_face(place: int, seed: int) -> np.ndarray:
    """Noise with a bright column for the class, black and white corners: easy to learn, full range."""
    face = np.random.default_rng(seed).integers(60, 140, (48, 48), dtype=np.uint8)
    face[:, 6 * place + 2 : 6 * place + 8] = 255
    face[:8, :8], face[-8:, -8:] = 0, 255
    return face


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for place, label in enumerate(LABELS):
            for split, start, count in (("train", 0, 24), ("test", 23, 4)):  # one image in common
                for seed in range(start, start + count):
                    image = cv2.imencode(".jpg", draw_face(place, seed))[1].tobytes()
                    archive.writestr(f"{split}/{label}/{seed:03}.jpg", image)
    return path


@pytest.fixture(scope="module")
def dataset(data: Path) -> Dataset:
    return load_dataset(data)


@pytest.fixture(scope="module")
def killed_after(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """Epochs that a run had finished when it was killed with SIGKILL, and its folder, resumed to the end."""
    out = tmp_path_factory.mktemp("run") / "report-cnn"
    command = [sys.executable, "-m", "training", *train_arguments(data, out, epochs=1000)]
    process = subprocess.Popen(
        command, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""}, stdout=subprocess.DEVNULL
    )
    try:
        wait_for(out / "history.json", process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = len(RunFolder(out).read_history().epochs)
    assert main(train_arguments(data, out, epochs=done + EPOCHS)) == 0
    return done, out


def train_arguments(data: Path, out: Path, epochs: int) -> list[str]:
    return ["train", "--data", str(data), "--out", str(out), "--epochs", str(epochs), "--batch-size", "16"]


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def run(killed_after: tuple[int, Path]) -> RunFolder:
    return RunFolder(killed_after[1])


@pytest.fixture(scope="module")
def exported(dataset: Dataset, run: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("export") / "model"
    export_run(dataset, run, target)
    return target


def test_a_killed_run_goes_on_and_ends_with_all_its_epochs(killed_after: tuple[int, Path]) -> None:
    done, out = killed_after
    epochs = RunFolder(out).read_history().epochs
    assert [epoch.epoch for epoch in epochs] == list(range(1, done + EPOCHS + 1))
    assert epochs[-1].train_loss < epochs[0].train_loss
    assert sorted(path.name for path in out.iterdir() if not path.name.startswith(".")) == [
        "curves.png",
        f"epoch-{done + EPOCHS:03}.weights.h5",
        "history.csv",
        "history.json",
        "run.json",
    ]


def test_a_finished_run_is_left_as_it_is(
    data: Path, killed_after: tuple[int, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    done, out = killed_after
    before = hashlib.sha256(RunFolder(out).find_weights().read_bytes()).digest()
    assert main(train_arguments(data, out, epochs=done + EPOCHS)) == 0
    assert hashlib.sha256(RunFolder(out).find_weights().read_bytes()).digest() == before
    assert f"going on after epoch {done + EPOCHS}" not in capsys.readouterr().out


def test_a_run_folder_of_other_settings_is_refused_in_one_line(
    data: Path, run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--data", str(data), "--out", str(run.path), "--batch-size", "32"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert "batch_size 16, not 32" in error


def test_the_card_describes_the_model_beside_it(exported: Path, dataset: Dataset) -> None:
    text = (exported / "model.json").read_bytes()
    card = msgspec.json.decode(text, type=ModelCard)
    content = (exported / "model.int8.tflite").read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    assert card.version == f"report-cnn-{sha256[:8]}"
    assert (card.files["int8"].sha256, card.files["int8"].size_bytes) == (sha256, len(content))
    assert (card.labels, card.input_shape, card.temperature) == (LABELS, (48, 48, 1), 1.0)
    assert (card.parameters, card.multiply_adds) == (2_345_607, 77_326_464)
    assert (card.data.name, card.data.sha256) == ("faces.zip", dataset.sha256)
    assert (card.data.train_images, card.data.test_images) == (168, 28)
    assert b'\n  "architecture": "report-cnn"' in text
    assert {path.name for path in exported.iterdir()} == {"model.json", "model.int8.tflite"}


def test_the_exported_model_takes_raw_pixels_and_gives_float_logits(exported: Path) -> None:
    interpreter = open_lite((exported / "model.int8.tflite").read_bytes())
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert (taken["dtype"], taken["shape_signature"].tolist()) == (np.uint8, [-1, 48, 48, 1])
    assert taken["quantization"] == pytest.approx((1.0, 0))
    assert (given["dtype"], given["quantization"]) == (np.float32, (0.0, 0))


def test_int8_agrees_with_float(exported: Path, dataset: Dataset, run: RunFolder) -> None:
    model = load_trained(run.read_settings(), run.find_weights())
    exact = predict_keras(model, dataset.test.images)
    int8 = predict_lite(read_export(exported)[0], dataset.test.images)
    assert np.abs(exact - int8).max() < 0.1 * np.ptp(exact)
    assert (exact.argmax(axis=1) == int8.argmax(axis=1)).mean() > 0.9
    assert read_export(exported)[1].metrics["int8_agreement"] > 0.9


@pytest.mark.parametrize("batch_size", [1, 5, 32])
def test_the_batch_may_have_any_size_at_run_time(exported: Path, dataset: Dataset, batch_size: int) -> None:
    content = read_export(exported)[0]
    logits = predict_lite(content, dataset.test.images, batch_size)
    assert logits.shape == (28, 7)
    np.testing.assert_allclose(logits, predict_lite(content, dataset.test.images, 28), atol=1e-6)


def test_a_run_and_its_export_are_scored_as_the_card_says(
    data: Path, run: RunFolder, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = read_export(exported)[1].metrics
    for source, prefix in ((["--run", str(run.path)], ""), (["--model", str(exported)], "int8_")):
        out = tmp_path / "scores.json"
        assert main(["evaluate", "--data", str(data), *source, "--out", str(out)]) == 0
        scores = json.loads(out.read_text())
        assert scores == json.loads(capsys.readouterr().out)
        assert (scores["images"], scores["images_deduplicated"]) == (28, 21)
        assert scores["accuracy"] == metrics[f"{prefix}test_accuracy"]
        assert scores["accuracy_deduplicated"] == metrics[f"{prefix}test_accuracy_deduplicated"]
        assert list(scores["recalls"]) == list(LABELS)


def test_the_weights_file_of_a_run_is_scored_too(
    data: Path, run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--data", str(data), "--weights", str(run.find_weights())]) == 0
    assert json.loads(capsys.readouterr().out)["images"] == 28


def test_an_export_with_another_data_set_is_refused(dataset: Dataset, run: RunFolder, tmp_path: Path) -> None:
    changed = Dataset("other.zip", "f" * 64, dataset.train, dataset.test)
    with pytest.raises(ExportError, match=r"was trained on another data set than other\.zip"):
        export_run(changed, run, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_model_that_is_not_the_one_of_its_card_is_refused(exported: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(exported, tmp_path / "model")
    (copy / "model.int8.tflite").write_bytes(b"another model")
    with pytest.raises(ExportError, match=r"model\.int8\.tflite is not the file that model\.json describes"):
        read_export(copy)


def test_a_missing_model_or_card_is_refused(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"model\.json cannot be read"):
        read_export(tmp_path)
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(ExportError, match="is not the card of an int8 model"):
        read_export(tmp_path)
    shutil.copy(exported / "model.json", tmp_path)
    with pytest.raises(ExportError, match=r"model\.int8\.tflite cannot be read"):
        read_export(tmp_path)


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ExportError, match="not a LiteRT model"):
        open_lite(b"not a model")


def test_the_calibration_crops_are_drawn_without_replacement_and_by_seed(dataset: Dataset) -> None:
    crops = pick_calibration_crops(dataset.train, 1)
    assert crops.shape == (168, 48, 48, 1)
    assert len({crop.tobytes() for crop in crops}) == len({image.tobytes() for image in dataset.train.images})
    np.testing.assert_array_equal(crops, pick_calibration_crops(dataset.train, 1))
    assert (crops != pick_calibration_crops(dataset.train, 2)).any()


def test_a_wrong_data_set_is_one_line_and_exit_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["train"], ["evaluate", "--model", "."], ["export", "--run", ".", "--to", "model"]):
        assert main([*command, "--data", str(tmp_path / "nowhere.zip")]) == 2
        assert capsys.readouterr().err == f"error: {tmp_path / 'nowhere.zip'} does not exist\n"


def test_help_does_not_wait_for_tensorflow() -> None:
    code = (
        "import sys, training.cli as c; c.build_parser().format_help(); sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("option", [["--epochs", "0"], ["--batch-size", "many"], ["--model", "vgg"]])
def test_wrong_options_are_refused(option: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["train", "--data", "faces.zip", *option])
    assert error.value.code == 2
