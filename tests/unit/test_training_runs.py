import struct
from pathlib import Path

import keras
import msgspec
import numpy as np
import pytest

from tests.support.runs import SETTINGS, STATE, make_history, make_model
from training.errors import RunError
from training.plots import plot_history
from training.progress import format_epoch
from training.recipes import MOODNET
from training.runs import History, RunFolder


def list_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("epochs", [1, 50])
def test_the_curves_are_drawn_as_a_png(epochs: int) -> None:
    png = plot_history(make_history(*np.linspace(2.5, 0.7, epochs)), "report-cnn")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (1650, 675)


def test_a_line_of_the_log_says_scores_and_remaining_time() -> None:
    line = format_epoch(make_history(2.0, 1.25).epochs[1], 50)
    assert line.startswith(
        "epoch  2/50  train loss 1.0000 accuracy 0.7500  validation loss 1.2500 accuracy 0.6500"
    )
    assert line.endswith("60.0 s  remaining 0:48:00")


def test_a_run_keeps_its_newest_state_and_its_best_weights(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert folder.open(SETTINGS) == History()
    for losses in ((2.0,), (2.0, 1.0), (2.0, 1.0, 1.5)):
        folder.save(make_history(*losses), STATE, make_model())
    assert folder.open(SETTINGS) == make_history(2.0, 1.0, 1.5)
    assert folder.find_weights() == folder.weights(2)
    assert list_files(tmp_path) == [
        "epoch-002.weights.h5",
        "epoch-003.state.npz",
        "history.csv",
        "history.json",
        "run.json",
    ]
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds"
    assert len(lines) == 4


def test_a_state_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    got: list[dict[str, np.ndarray]] = []
    folder.save(make_history(0.4), STATE, make_model())
    folder.restore_state(make_history(0.4), got.append)
    assert list(got[0]) == list(STATE)
    np.testing.assert_array_equal(got[0]["model/000/kernel"], STATE["model/000/kernel"])


def test_weights_come_back_as_they_were_saved(tmp_path: Path) -> None:
    folder, model, again = RunFolder(tmp_path), make_model(), make_model()
    folder.save(make_history(0.4), STATE, model)
    folder.load_weights(again)
    np.testing.assert_array_equal(model.get_weights()[0], again.get_weights()[0])


def test_weights_that_were_saved_but_not_yet_counted_do_not_count(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.open(SETTINGS)
    folder.weights(1).write_bytes(b"weights")
    assert folder.open(SETTINGS) == History()
    with pytest.raises(RunError, match="has no finished epoch yet"):
        folder.find_weights()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seed": 2}, "holds a run with seed 1, not 2; give another --out"),
        ({"recipe": msgspec.structs.replace(MOODNET, width=32)}, "holds a run with width 64, not 32"),
        ({"votes_sha256": "1" * 64}, "holds a run with votes_sha256 None, not 111"),
    ],
)
def test_a_run_with_other_settings_is_refused(
    tmp_path: Path, changed: dict[str, object], message: str
) -> None:
    RunFolder(tmp_path).open(SETTINGS)
    with pytest.raises(RunError, match=message):
        RunFolder(tmp_path).open(msgspec.structs.replace(SETTINGS, **changed))


def test_a_run_that_lost_its_state_or_weights_or_has_them_damaged_is_refused(tmp_path: Path) -> None:
    folder, history, model = RunFolder(tmp_path), make_history(0.4), make_model()
    folder.save(history, STATE, model)
    folder.state(1).write_bytes(b"damaged")
    with pytest.raises(RunError, match=r"epoch-001\.state\.npz is damaged; delete"):
        folder.restore_state(history, lambda _state: None)
    folder.state(1).unlink()
    with pytest.raises(RunError, match=r"epoch-001\.state\.npz is missing; delete"):
        folder.restore_state(history, lambda _state: None)
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(7)], name="other")
    with pytest.raises(RunError, match="does not hold weights of other"):
        folder.load_weights(other)
    folder.weights(1).write_bytes(b"damaged")
    with pytest.raises(RunError, match=r"epoch-001\.weights\.h5 does not hold weights of small"):
        folder.load_weights(model)
    folder.weights(1).unlink()
    with pytest.raises(RunError, match=r"epoch-001\.weights\.h5 does not exist"):
        folder.load_weights(model)


def test_a_state_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.save(make_history(0.4), STATE, make_model())

    def restore(state: dict[str, np.ndarray]) -> None:
        state["average/000/kernel"].copy()

    with pytest.raises(RunError, match="is damaged"):
        folder.restore_state(make_history(0.4), restore)


def test_a_damaged_history_is_refused(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.open(SETTINGS)
    (tmp_path / "history.json").write_text("{")
    with pytest.raises(RunError, match=r"history\.json cannot be read"):
        folder.read_history()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"run\.json does not exist"):
        RunFolder(tmp_path).read_settings()
