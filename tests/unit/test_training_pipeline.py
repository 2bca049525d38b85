"""One small data set, trained by the command, killed, resumed, exported and scored: the whole way, once."""

import hashlib
import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from contract.labels import LABELS
from contract.model import ModelCard
from tests.support.faces import write_faces
from tests.support.taken_away import run_until_second
from training.cli import main
from training.cut import cut_validation
from training.dataset import Dataset, load_dataset
from training.errors import ExportError
from training.export import export_run, read_card, read_variant
from training.fit import load_selected
from training.lite import open_lite, predict_keras, predict_lite
from training.models import take_head
from training.runs import RunFolder
from training.votes import VotesFile, load_votes

pytestmark = pytest.mark.timeout(1200)  # all of it is in the first test's time

EPOCHS = 8


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images, one a class in both splits, and votes that agree with their labels."""
    return write_faces(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def votes(data: Path) -> VotesFile:
    return load_votes(data.with_name("votes.csv"))


@pytest.fixture(scope="module")
def dataset(data: Path) -> Dataset:
    return load_dataset(data)


@pytest.fixture(scope="module")
def killed_after(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """Epochs that a run had finished when it was killed with SIGKILL, and its folder, resumed to the end."""
    out = tmp_path_factory.mktemp("run") / "moodnet"
    run_until_second("history.json", "training", train_arguments(data, out), tmp_path_factory.mktemp("hook"))
    done = len(RunFolder(out).read_history().epochs)
    assert main(train_arguments(data, out)) == 0
    return done, out


def train_arguments(data: Path, out: Path) -> list[str]:
    small = ("width=16", "augment=false", "averaging=0.9")
    return [
        *("train", "--data", str(data), "--votes", str(data.with_name("votes.csv")), "--out", str(out)),
        *("--epochs", str(EPOCHS), "--batch-size", "32"),
        *(word for change in small for word in ("--set", change)),
    ]


@pytest.fixture(scope="module")
def run(killed_after: tuple[int, Path]) -> RunFolder:
    return RunFolder(killed_after[1])


@pytest.fixture(scope="module")
def exported(
    dataset: Dataset, votes: VotesFile, run: RunFolder, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    target = tmp_path_factory.mktemp("export") / "model"
    export_run(dataset, votes, run, target, with_float=True)
    return target


def test_a_killed_run_goes_on_and_ends_with_all_its_epochs(killed_after: tuple[int, Path]) -> None:
    done, out = killed_after
    history = RunFolder(out).read_history()
    assert 0 < done < EPOCHS
    assert [epoch.epoch for epoch in history.epochs] == list(range(1, EPOCHS + 1))
    assert history.epochs[-1].train_loss < history.epochs[0].train_loss
    assert {path.name for path in out.iterdir() if not path.name.startswith(".")} == {
        "curves.png",
        f"epoch-{EPOCHS:03}.state.npz",
        f"epoch-{history.find_best():03}.weights.h5",
        "history.csv",
        "history.json",
        "run.json",
    }


def test_a_finished_run_is_left_as_it_is(
    data: Path, run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hashlib.sha256(run.find_weights().read_bytes()).digest()
    assert main(train_arguments(data, run.path)) == 0
    assert hashlib.sha256(run.find_weights().read_bytes()).digest() == before
    out = capsys.readouterr().out
    assert f"the run has its {EPOCHS} epochs already" in out
    assert "going on after" not in out


def test_a_run_folder_of_other_settings_is_refused_in_one_line(
    data: Path, run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*train_arguments(data, run.path), "--batch-size", "64"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("training: ")
    assert "batch_size 32, not 64" in error


def test_the_card_describes_the_models_beside_it(exported: Path, dataset: Dataset, votes: VotesFile) -> None:
    text = (exported / "model.json").read_bytes()
    card = msgspec.json.decode(text, type=ModelCard)
    assert set(card.files) == {"int8", "int8-original", "fp32", "fp32-original"}
    for variant, file in card.files.items():
        content = (exported / f"model.{variant}.tflite").read_bytes()
        assert (file.sha256, file.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert card.version == f"moodnet-{card.files['int8'].sha256[:8]}"
    assert (card.labels, card.input_shape) == (LABELS, (48, 48, 1))
    assert card.temperature > 0
    assert (card.data.name, card.data.sha256) == ("faces.zip", dataset.sha256)
    assert (card.data.train_images, card.data.test_images) == (len(cut_validation(dataset).learning), 28)
    assert card.data.votes_sha256 == votes.sha256
    assert card.soft_confusion is not None
    np.testing.assert_allclose(np.sum(card.soft_confusion, axis=1), 1)
    assert b'\n  "architecture": "moodnet"' in text
    assert {path.name for path in exported.iterdir()} == {
        "model.json", *(file.name for file in card.files.values())
    }  # fmt: skip


@pytest.mark.parametrize("variant", ["int8", "int8-original", "fp32", "fp32-original"])
def test_every_exported_model_takes_raw_pixels_and_gives_float_logits(exported: Path, variant: str) -> None:
    interpreter = open_lite((exported / f"model.{variant}.tflite").read_bytes())
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert (taken["dtype"], taken["shape_signature"].tolist()) == (np.uint8, [-1, 48, 48, 1])
    assert (given["dtype"], given["quantization"]) == (np.float32, (0.0, 0))


def test_int8_pixels_enter_as_they_are(exported: Path) -> None:
    taken = open_lite((exported / "model.int8.tflite").read_bytes()).get_input_details()[0]
    assert taken["quantization"] == pytest.approx((1.0, 0))


@pytest.mark.parametrize(("suffix", "head"), [("", "ferplus"), ("-original", "original")])
def test_exported_models_agree_with_the_one_that_was_trained(
    exported: Path, dataset: Dataset, run: RunFolder, suffix: str, head: str
) -> None:
    exact = predict_keras(take_head(load_selected(run), head), dataset.test.images)
    card = read_card(exported)
    single = predict_lite(read_variant(exported, card, f"fp32{suffix}"), dataset.test.images)
    int8 = predict_lite(read_variant(exported, card, f"int8{suffix}"), dataset.test.images)
    np.testing.assert_allclose(single, exact, atol=1e-3 * float(np.ptp(exact)))
    assert np.abs(exact - int8).max() < 0.15 * np.ptp(exact)
    assert (exact.argmax(axis=1) == int8.argmax(axis=1)).mean() > 0.9


@pytest.mark.parametrize("batch_size", [1, 5, 32])
def test_the_batch_may_have_any_size_at_run_time(exported: Path, dataset: Dataset, batch_size: int) -> None:
    content = read_variant(exported, read_card(exported), "int8")
    logits = predict_lite(content, dataset.test.images, batch_size)
    assert logits.shape == (28, 7)
    np.testing.assert_allclose(logits, predict_lite(content, dataset.test.images, 28), atol=1e-6)


def test_an_exported_model_is_scored_as_its_card_says(
    data: Path, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = read_card(exported).metrics
    out, page = tmp_path / "scores.json", tmp_path / "page"
    options = ["--votes", str(data.with_name("votes.csv")), "--json", str(out), "--page", str(page)]
    assert main(["evaluate", "--data", str(data), "--model", str(exported), *options]) == 0
    scores = json.loads(out.read_text())
    for head in ("ferplus", "original"):
        assert (scores[head]["n"], scores[head]["n_deduplicated"]) == (28, 21)
        assert scores[head]["accuracy"] == metrics[f"test_{head}_accuracy"]
        assert scores[head]["accuracy_deduplicated"] == metrics[f"test_{head}_accuracy_deduplicated"]
    assert scores["ferplus"]["ece"] == scores["calibration"]["ece"]
    assert scores["model"]["bytes"] == (exported / "model.int8.tflite").stat().st_size
    said = capsys.readouterr().out
    assert f"FER+ majority: {scores['ferplus']['accuracy']:.1%} of 28" in said
    pages = list(page.glob("*.md"))
    assert len(pages) == 1
    assert scores["model"]["version"] in pages[0].read_text()


def test_a_page_is_made_from_scores_that_were_written_before(
    data: Path, exported: Path, run: RunFolder, tmp_path: Path
) -> None:
    out, page = tmp_path / "scores.json", tmp_path / "page"
    assert main(["evaluate", "--data", str(data), "--model", str(exported), "--json", str(out)]) == 0
    assert main(["report", "--json", str(out), "--run", str(run.path), "--to", str(page)]) == 0
    assert next(page.glob("*-curves.png")).stat().st_size > 10_000
    assert len(list(page.glob("*.md"))) == 1


def test_without_votes_the_scores_are_of_the_original_labels_alone(
    data: Path, exported: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores.json"
    assert main(["evaluate", "--data", str(data), "--model", str(exported), "--json", str(out)]) == 0
    scores = json.loads(out.read_text())
    assert (scores["ferplus"], scores["reference"], scores["original"]["n"]) == (None, "original", 28)


def test_a_missing_variant_is_one_line(
    data: Path, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--data", str(data), "--model", str(exported), "--variant", "fp16"]
    assert main(command) == 1
    assert "has no variant fp16, only fp32, fp32-original, int8, int8-original" in capsys.readouterr().err


def test_a_student_learns_from_a_teacher_and_from_original_labels_alone_too(
    data: Path, run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taught = [*train_arguments(data, tmp_path / "taught"), "--teacher", str(run.path), "--epochs", "1"]
    assert main(taught) == 0
    settings = RunFolder(tmp_path / "taught").read_settings()
    assert settings.teachers_sha256 == (hashlib.sha256(run.find_weights().read_bytes()).hexdigest(),)
    assert main([*taught, "--teacher", str(tmp_path / "nowhere")]) == 1
    assert "nowhere/run.json does not exist" in capsys.readouterr().err
    alone = ["train", "--data", str(data), "--out", str(tmp_path / "alone"), "--epochs", "1"]
    assert main([*alone, "--set", "width=8"]) == 0
    assert RunFolder(tmp_path / "alone").read_settings().heads == ("original",)
    assert main([*taught, "--teacher", str(tmp_path / "alone")]) == 1
    assert "answers original, not ferplus and original" in capsys.readouterr().err


def test_a_run_goes_on_from_the_weights_of_another(
    data: Path, run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    further = [*train_arguments(data, tmp_path / "further"), "--start", str(run.path), "--epochs", "1"]
    # at no rate to speak of it stays what it was
    assert main([*further, "--set", "learning_rate=1e-9", "--set", "averaging=0.0"]) == 0
    folder = RunFolder(tmp_path / "further")
    assert folder.read_settings().start_sha256 == hashlib.sha256(run.find_weights().read_bytes()).hexdigest()
    before, after = (load_selected(one).trainable_weights for one in (run, folder))
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(np.asarray(other), np.asarray(one), atol=1e-5)
    wider = [*train_arguments(data, tmp_path / "wider"), "--start", str(run.path)]
    assert main([*wider, "--set", "width=12"]) == 1
    assert "is a moodnet of width 16, not a moodnet of width 12" in capsys.readouterr().err


def test_an_export_with_another_data_set_or_other_votes_is_refused(
    dataset: Dataset, votes: VotesFile, run: RunFolder, tmp_path: Path
) -> None:
    changed = Dataset("other.zip", "f" * 64, dataset.train, dataset.test)
    with pytest.raises(ExportError, match=r"was trained on another data set than other\.zip"):
        export_run(changed, votes, run, tmp_path / "model")
    with pytest.raises(ExportError, match=r"was trained on votes with sha256 .*: give the same --votes"):
        export_run(dataset, None, run, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_model_that_is_not_the_one_of_its_card_is_refused(exported: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(exported, tmp_path / "model")
    (copy / "model.int8.tflite").write_bytes(b"another model")
    with pytest.raises(ExportError, match=r"model\.int8\.tflite is not the file that model\.json describes"):
        read_variant(copy, read_card(copy), "int8")


def test_a_missing_model_or_card_is_refused(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"model\.json cannot be read"):
        read_card(tmp_path)
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(ExportError, match="is not the card of a model"):
        read_card(tmp_path)
    shutil.copy(exported / "model.json", tmp_path)
    with pytest.raises(ExportError, match=r"model\.int8\.tflite cannot be read"):
        read_variant(tmp_path, read_card(tmp_path), "int8")
