"""The folder of a training run: its settings, its history, and what it needs to go on or to be used.

    run.json                 what the run was started with; a resumed run must match
    history.json, .csv       one entry an epoch
    epoch-007.state.npz      everything to go on after epoch 7 (only the newest is kept)
    epoch-005.weights.h5     the model after the best epoch, by the validation images (only that is kept)

A run can be killed at any moment: files are written aside and renamed, the history names the epochs that
count, and older files go only after that.
"""

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from runtime.errors import reason_of
from training.errors import RunError
from training.recipes import Recipe

Struct = TypeVar("Struct", bound=msgspec.Struct)


class RunSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides the outcome of a run.

    Attributes:
        recipe: how it learns.
        heads: what the model answers, the shipped one first.
        seed: of weights, dropout, order and augmentation.
        precision: Keras data type policy, ``float32`` or ``mixed_bfloat16``.
        data_sha256: hash of the data set, as in ``training.dataset.Dataset``.
        votes_sha256: hash of the file of votes; null without one.
        teachers_sha256: hashes of the teachers' weights.
        start_sha256: hash of the weights that it began with; null: random ones.
    """

    recipe: Recipe
    heads: tuple[str, ...]
    seed: int
    precision: str
    data_sha256: str
    votes_sha256: str | None = None
    teachers_sha256: tuple[str, ...] = ()
    start_sha256: str | None = None


class Epoch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One pass over the training images.

    Attributes:
        epoch: counted from 1.
        train_loss: mean cross-entropy of the shipped head in nats, as the optimiser saw it: images and
            weights changing, dropout on, targets smoothed or taught.
        train_accuracy: fraction, likewise.
        validation_loss: mean cross-entropy of the shipped head on the validation cut at the end of the epoch.
        validation_accuracy: fraction, likewise, of the images that have a majority.
        seconds: wall clock of the epoch, with the scoring at its end.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


class History(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every finished epoch of a run, in order."""

    epochs: tuple[Epoch, ...] = ()

    def find_best(self) -> int:
        """The epoch (counted from 1) of the lowest validation loss: of accuracies chance decides more."""
        return min(self.epochs, key=lambda epoch: epoch.validation_loss).epoch


@dataclass(frozen=True)
class RunFolder:
    """Where the files of a run lie."""

    path: Path

    def weights(self, epoch: int) -> Path:
        """Path of the model after the given epoch (counted from 1)."""
        return self.path / f"epoch-{epoch:03d}.weights.h5"

    def state(self, epoch: int) -> Path:
        """Path of what a resumed run needs after the given epoch."""
        return self.path / f"epoch-{epoch:03d}.state.npz"

    def open(self, settings: RunSettings) -> History:
        """Start the run, or find out how far it got.

        Returns:
            The history so far; empty for a new run.

        Raises:
            RunError: the folder holds a run with other settings, or cannot be written.
        """
        settings_file = self.path / "run.json"
        if settings_file.exists():
            before = self.read_settings()
            for field in settings.__struct_fields__:
                _refuse_other(self.path, field, getattr(before, field), getattr(settings, field))
            return self.read_history()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            replace_file(settings_file, msgspec.json.format(msgspec.json.encode(settings)) + b"\n")
        except OSError as error:
            raise RunError(f"{self.path} cannot be written ({reason_of(error)})") from error
        return History()

    def read_settings(self) -> RunSettings:
        """Read what the run was started with.

        Raises:
            RunError: there is no run in the folder, or its settings are not readable.
        """
        return _read(self.path / "run.json", RunSettings)

    def read_history(self) -> History:
        """Read the finished epochs; empty before the end of the first.

        Raises:
            RunError: the history is not readable.
        """
        file = self.path / "history.json"
        return _read(file, History) if file.exists() else History()

    def find_weights(self) -> Path:
        """Path of the weights of the best epoch.

        Raises:
            RunError: no epoch of the run has ended yet.
        """
        history = self.read_history()
        if not history.epochs:
            raise RunError(f"{self.path} has no finished epoch yet")
        return self.weights(history.find_best())

    def save(self, history: History, state: dict[str, npt.NDArray[Any]], model: Any) -> None:
        """Make the last epoch of ``history`` the one to go on from, and its model the best one, if it is.

        Args:
            history: all epochs, with the one just finished.
            state: what a resumed run needs.
            model: keras.Model after that epoch.

        Raises:
            RunError: the folder cannot be written.
        """
        newest, best = len(history.epochs), history.find_best()
        content = io.BytesIO()
        np.savez(content, **state)  # type: ignore[arg-type]  # names of arrays, not options
        try:
            replace_file(self.state(newest), content.getvalue())
            if best == newest:
                aside = self.path / f".{self.weights(newest).name}"
                model.save_weights(aside, overwrite=True)
                aside.replace(self.weights(newest))
            self.write_history(history)
        except OSError as error:
            raise RunError(f"{self.path} cannot be written ({reason_of(error)})") from error
        for file in self.path.glob("epoch-*"):
            if file not in (self.state(newest), self.weights(best)):
                file.unlink()

    def write_history(self, history: History) -> None:
        """Say which epochs count; OSError where the folder cannot be written."""
        replace_file(self.path / "history.json", msgspec.json.format(msgspec.json.encode(history)) + b"\n")
        replace_file(self.path / "history.csv", _format_csv(history).encode())

    def restore_state(self, history: History, restore: Callable[[dict[str, npt.NDArray[Any]]], None]) -> None:
        """Hand what was saved after the last epoch of ``history`` to ``restore``.

        Raises:
            RunError: it is missing, damaged, or does not fit.
        """
        file = self.state(len(history.epochs))
        try:
            with np.load(file, allow_pickle=False) as arrays:
                restore(dict(arrays))
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            problem = "is missing" if isinstance(error, FileNotFoundError) else "is damaged"
            raise RunError(f"{file} {problem}; delete {self.path} to start anew") from error

    def load_weights(self, model: Any) -> None:
        """Give a model of the run's architecture the weights of the best epoch.

        Raises:
            RunError: there are none yet, or they are missing, damaged, or of another architecture.
        """
        file = self.find_weights()
        if not file.exists():
            raise RunError(f"{file} does not exist")
        try:
            model.load_weights(file)
        except (OSError, ValueError, KeyError) as error:
            raise RunError(f"{file} does not hold weights of {model.name}") from error


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds the old content or the new, never a part."""
    aside = path.with_name(f".{path.name}")
    aside.write_bytes(content)
    aside.replace(path)


def _format_csv(history: History) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, Epoch.__struct_fields__, lineterminator="\n")
    table.writeheader()
    table.writerows(msgspec.structs.asdict(epoch) for epoch in history.epochs)
    return text.getvalue()


def _read(file: Path, kind: type[Struct]) -> Struct:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError as error:
        raise RunError(f"{file} does not exist") from error
    except (OSError, msgspec.MsgspecError) as error:
        raise RunError(f"{file} cannot be read ({error})") from error


def _refuse_other(path: Path, field: str, was: Any, wanted: Any) -> None:
    if isinstance(was, Recipe):
        for name in was.__struct_fields__:
            _refuse_other(path, name, getattr(was, name), getattr(wanted, name))
    elif was != wanted:
        problem = f"{path} holds a run with {field} {was}, not {wanted}"
        raise RunError(f"{problem}; give another --out or delete it")
