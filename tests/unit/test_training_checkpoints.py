from pathlib import Path

import numpy as np
import pytest

from tests.support.runs import make_history, save_epochs
from training.checkpoints import mend_run
from training.errors import RunError
from training.runs import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run of three epochs, the second the best; S3 still has the states of all, and the first weights."""
    folder = RunFolder(tmp_path / "checkpoints")
    save_epochs(folder, 2.0, 1.0, 1.5)
    for epoch in (1, 2):
        np.savez(folder.state(epoch), weights=np.arange(3.0))
    folder.weights(1).write_bytes(b"weights")
    return folder


def test_a_whole_run_is_left_as_it_is(folder: RunFolder) -> None:
    before = (folder.path / "history.json").read_bytes()
    assert mend_run(folder.path) == 3
    assert (folder.path / "history.json").read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half of it"])
def test_a_run_whose_newest_state_did_not_arrive_goes_back_an_epoch(folder: RunFolder, damage: bytes) -> None:
    folder.state(3).write_bytes(damage)
    assert mend_run(folder.path) == 2
    assert folder.read_history() == make_history(2.0, 1.0)


def test_a_run_whose_best_weights_did_not_arrive_goes_back_to_those_that_did(folder: RunFolder) -> None:
    folder.weights(2).unlink()
    assert mend_run(folder.path) == 1
    assert folder.read_history() == make_history(2.0)


def test_a_run_without_a_whole_epoch_begins_anew(folder: RunFolder) -> None:
    for epoch in (1, 2, 3):
        folder.state(epoch).unlink()
    assert mend_run(folder.path) == 0
    assert list(folder.path.iterdir()) == []


@pytest.mark.parametrize("lost", ["run.json", "history.json"])
def test_a_run_whose_settings_or_history_did_not_arrive_begins_anew(folder: RunFolder, lost: str) -> None:
    (folder.path / lost).write_bytes(b"{")
    assert mend_run(folder.path) == 0
    assert list(folder.path.iterdir()) == []


def test_a_run_of_another_version_is_left_as_it_is(folder: RunFolder) -> None:
    settings = folder.path / "run.json"
    settings.write_text(settings.read_text().replace('"dropout"', '"dropped"'))
    before = sorted(folder.path.iterdir())
    with pytest.raises(RunError, match=r"run\.json cannot be read .*dropped"):
        mend_run(folder.path)
    assert sorted(folder.path.iterdir()) == before


@pytest.mark.parametrize("name", ["run.json", "history.json", "epoch-003.state.npz"])
def test_a_run_that_cannot_be_read_is_left_as_it_is(folder: RunFolder, name: str) -> None:
    file = folder.path / name
    file.unlink()
    file.mkdir()  # reading fails, also for root
    before = sorted(folder.path.iterdir())
    with pytest.raises(RunError, match=f"{name} cannot be read"):
        mend_run(folder.path)
    assert sorted(folder.path.iterdir()) == before


def test_before_the_first_epoch_there_is_nothing_to_mend(tmp_path: Path) -> None:
    assert mend_run(tmp_path / "checkpoints") == 0
    assert mend_run(tmp_path) == 0
