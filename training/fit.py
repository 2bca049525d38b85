"""Training in a run folder that outlives a kill."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from training.dataset import Images
from training.errors import RunError
from training.evaluate import find_labelled
from training.learner import Learner
from training.lite import Logits, predict_keras
from training.models import build_model
from training.runs import Epoch, History, RunFolder, RunSettings
from training.targets import Targets


@dataclass(frozen=True)
class Lesson:
    """Images and what to answer to them.

    Attributes:
        images: uint8 (N, 48, 48, 1).
        targets: of these images.
    """

    images: Images
    targets: Targets


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
    learning: Lesson,
    validation: Lesson,
    settings: RunSettings,
    folder: RunFolder,
    listener: FitListener,
    teachers: Sequence[Any] = (),
    start: Any = None,
) -> History:
    """Train until the run has its epochs, from where it stands; a finished one is left as it is.

    A resumed run takes the steps that it would have taken unkilled: order, augmentation and dropout of an
    epoch follow from the seed and what was saved. (The sums of a step on several threads have no fixed
    order, so the last digits differ.)

    Returns:
        All epochs, with those before an interruption.

    Raises:
        RunError: the folder holds a run with other settings, or cannot be read or written; or the loss is no
            number any more: what was saved before stays.
        DatasetError: no image of ``validation`` has a label to be right about.
    """
    history = folder.open(settings)
    listener.on_start(history)
    if len(history.epochs) >= settings.recipe.epochs:
        return history
    learner = Learner(
        settings.recipe, settings.seed, settings.precision, learning.images, learning.targets, teachers, start
    )
    if history.epochs:
        folder.restore_state(history, learner.restore_state)
    for epoch in range(len(history.epochs), settings.recipe.epochs):
        started = time.monotonic()
        losses, rights = [], []
        for loss, right in learner.run_epoch(epoch):
            losses.append(loss)
            rights.append(right)
            listener.on_batch(len(losses))
        scores = judge(predict_keras(learner.scored, validation.images), validation.targets)
        seconds = round(time.monotonic() - started, 1)
        entry = Epoch(epoch + 1, float(np.mean(losses)), float(np.mean(rights)), *scores, seconds)
        if not np.isfinite([entry.train_loss, entry.validation_loss]).all():
            raise RunError(
                f"the loss is no number any more after epoch {entry.epoch}: give a lower learning_rate "
                "(--set learning_rate=...) and another --out"
            )
        history = History((*history.epochs, entry))
        folder.save(history, learner.read_state(), learner.scored)
        listener.on_epoch(entry)
    return history


def judge(logits: Logits, targets: Targets) -> tuple[float, float]:
    """Cross-entropy (nats) and accuracy of the shipped head against what is known of each image.

    Args:
        logits: float32 (N, H, 7).
        targets: of the same images.

    Raises:
        DatasetError: none has a label to be right about.
    """
    first = logits[:, 0].astype(np.float64)
    shares, majorities = targets.distributions[:, 0], targets.majorities[:, 0]
    with np.errstate(invalid="ignore"):  # of a run that diverged, which `fit` says
        log_probabilities = first - np.logaddexp.reduce(first, axis=1, keepdims=True)
    known, labelled = shares.any(axis=1), find_labelled(majorities)
    loss = -(shares * log_probabilities).sum(axis=1)[known].mean()
    return float(loss), float((first.argmax(axis=1) == majorities)[labelled].mean())


def load_selected(folder: RunFolder, precision: str = "float32") -> Any:
    """Build a run's model and give it the weights of its best epoch.

    Args:
        folder: of the run.
        precision: to compute in; float32 to score and export, whatever the run was trained in.

    Returns:
        keras.Model as of ``training.models.build_model``.

    Raises:
        RunError: the run has no finished epoch, or its files cannot be read.
    """
    settings = folder.read_settings()
    keras.config.set_dtype_policy(precision)
    model = build_model(settings.recipe, settings.heads)
    folder.load_weights(model)
    return model
