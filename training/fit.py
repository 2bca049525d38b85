"""Training by the report's recipe, in a run folder that outlives a kill."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from training.dataset import Dataset
from training.errors import RunError
from training.models import build_model
from training.runs import Epoch, History, RunFolder, RunSettings

LEARNING_RATE = 1e-4
"""Of Adam; from the report, like the batch of 64 and the 50 epochs that the command line defaults to."""


@dataclass(frozen=True)
class FitListener:
    """Who wants to follow a run: called within the training loop, so briefly.

    Attributes:
        on_start: once, with the epochs that an earlier, interrupted run had finished.
        on_batch: after each step, with the number of steps done in this epoch.
        on_epoch: after each epoch, when its weights are safe.
    """

    on_start: Callable[[History], None] = lambda _history: None
    on_batch: Callable[[int], None] = lambda _steps: None
    on_epoch: Callable[[Epoch], None] = lambda _epoch: None


def fit(
    dataset: Dataset, settings: RunSettings, epochs: int, folder: RunFolder, listener: FitListener
) -> tuple[Any, History]:
    """Train until the run has the given number of epochs, from where it stands; a finished one is loaded.

    The result is the weights after the last epoch: nothing is selected on the test images, they are
    scored only to draw the curve.

    Returns:
        The trained keras.Model (logits), and the history of all epochs, with those before an interruption.

    Raises:
        RunError: the folder holds a run with other settings.
    """
    history = folder.open(settings)
    done = len(history.epochs)
    # another seed after a resume, or the run would repeat the dropout and order of its first epochs
    keras.utils.set_random_seed(settings.seed + done)
    model = compile_model(settings)
    if done:
        # the state of the optimiser is restored only where it already has its variables
        model.optimizer.build(model.trainable_variables)
        load_weights(model, folder.weights(done))
    listener.on_start(history)
    if done >= epochs:
        return model, history
    finished = list(history.epochs)
    started = time.monotonic()

    def on_epoch_begin(*_: object, **__: object) -> None:
        nonlocal started
        started = time.monotonic()

    def on_epoch_end(epoch: int, logs: dict[str, float]) -> None:
        entry = Epoch(
            epoch + 1,
            float(logs["loss"]),
            float(logs["accuracy"]),
            float(logs["val_loss"]),
            float(logs["val_accuracy"]),
            round(time.monotonic() - started, 1),
        )
        finished.append(entry)
        save_weights(model, folder.weights(entry.epoch))
        folder.write_history(History(tuple(finished)))
        listener.on_epoch(entry)

    model.fit(
        dataset.train.images,
        dataset.train.classes,
        batch_size=settings.batch_size,
        epochs=epochs,
        initial_epoch=done,
        validation_data=(dataset.test.images, dataset.test.classes),
        validation_batch_size=512,
        shuffle=True,
        verbose=0,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_begin=on_epoch_begin,
                on_epoch_end=on_epoch_end,
                on_train_batch_end=lambda batch, **_: listener.on_batch(batch + 1),
            )
        ],
    )
    return model, History(tuple(finished))


def compile_model(settings: RunSettings) -> Any:
    """Build the settings' architecture and give it Adam and cross-entropy on logits."""
    keras.config.set_dtype_policy(settings.precision)
    model = build_model(settings.architecture)
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # XLA, Keras's choice by default, three times slower here than oneDNN (CPU, measured)
        jit_compile=False,
    )
    return model


def load_trained(settings: RunSettings, weights: Path) -> Any:
    """Build a run's model in float32, whatever it was trained in, and give it the weights.

    Raises:
        RunError: the weights are missing, damaged, or of another architecture.
    """
    keras.config.set_dtype_policy("float32")
    model = build_model(settings.architecture)
    load_weights(model, weights)
    return model


def save_weights(model: Any, path: Path) -> None:
    """Save weights and optimiser state; ``path`` ends in ``.weights.h5`` and is whole or absent."""
    aside = path.with_name(f".{path.name}")
    model.save_weights(aside, overwrite=True)
    aside.replace(path)


def load_weights(model: Any, path: Path) -> None:
    """Load what ``save_weights`` saved into a model of the same architecture.

    Raises:
        RunError: the file is missing, damaged, or of another architecture.
    """
    if not path.exists():
        raise RunError(f"{path} does not exist")
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"{path} does not hold weights of {model.name}") from error
