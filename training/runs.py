"""The folder of a training run: its settings, its history, and weights after the last whole epoch.

    run.json                 what the run was started with; a resumed run must match
    history.json, .csv       one entry an epoch
    epoch-007.weights.h5     weights and optimiser state after epoch 7 (only the newest is kept)

A run can be killed at any moment: files are written aside and renamed, the history names the epoch that
counts, and older weights go only after that.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from training.errors import RunError

Struct = TypeVar("Struct", bound=msgspec.Struct)


class RunSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides the outcome of a run, besides the number of epochs.

    Attributes:
        architecture: name in ``training.models.MODELS``.
        batch_size: images a step.
        learning_rate: of Adam.
        seed: of weights, dropout and order.
        precision: Keras data type policy, ``float32`` or ``mixed_bfloat16``.
        data_sha256: hash of the data set, as in ``training.dataset.Dataset``.
    """

    architecture: str
    batch_size: int
    learning_rate: float
    seed: int
    precision: str
    data_sha256: str


class Epoch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One pass over the training images.

    Attributes:
        epoch: counted from 1.
        train_loss: mean cross-entropy in nats as the optimiser saw it: dropout on, weights changing.
        train_accuracy: fraction, likewise.
        test_loss: mean cross-entropy at the end of the epoch.
        test_accuracy: fraction, likewise.
        seconds: wall clock of the epoch, with the scoring at its end.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float


class History(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every finished epoch of a run, in order."""

    epochs: tuple[Epoch, ...] = ()


@dataclass(frozen=True)
class RunFolder:
    """Where the files of a run lie."""

    path: Path

    def weights(self, epoch: int) -> Path:
        """Path of the weights after the given epoch (counted from 1)."""
        return self.path / f"epoch-{epoch:03d}.weights.h5"

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
                was, wanted = getattr(before, field), getattr(settings, field)
                if was != wanted:
                    problem = f"{self.path} holds a run with {field} {was}, not {wanted}"
                    raise RunError(f"{problem}; give another --out or delete it")
            return self.read_history()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            replace_file(settings_file, msgspec.json.format(msgspec.json.encode(settings)) + b"\n")
        except OSError as error:
            raise RunError(f"{self.path} cannot be written ({error.strerror})") from error
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
            RunError: the history is not readable, or its weights are missing.
        """
        file = self.path / "history.json"
        history = _read(file, History) if file.exists() else History()
        if history.epochs and not self.weights(len(history.epochs)).exists():
            raise RunError(
                f"{self.weights(len(history.epochs))} is missing; delete {self.path} to start anew"
            )
        return history

    def find_weights(self) -> Path:
        """Path of the newest weights.

        Raises:
            RunError: no epoch of the run has ended yet.
        """
        epochs = self.read_history().epochs
        if not epochs:
            raise RunError(f"{self.path} has no finished epoch yet")
        return self.weights(len(epochs))

    def write_history(self, history: History) -> None:
        """Make the last epoch of ``history`` the one that counts; its weights must have been saved before."""
        replace_file(self.path / "history.json", msgspec.json.format(msgspec.json.encode(history)) + b"\n")
        replace_file(self.path / "history.csv", _format_csv(history).encode())
        newest = self.weights(len(history.epochs))
        for weights in self.path.glob("epoch-*.weights.h5"):
            if weights != newest:
                weights.unlink()


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
