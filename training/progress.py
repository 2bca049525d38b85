"""How a training run looks on a terminal and in a log."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from training.fit import FitListener
from training.runs import Epoch, History


@contextmanager
def show_progress(console: Console, epochs: int, steps: int) -> Iterator[FitListener]:
    """Print one line an epoch and, on a terminal, a bar with the remaining time below them.

    Args:
        console: where to print.
        epochs: epochs of the whole run.
        steps: optimiser steps in one epoch.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("remaining"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task("epoch 1", total=epochs * steps)
    finished = 0

    def on_start(history: History) -> None:
        nonlocal finished
        finished = len(history.epochs)
        if finished >= epochs:
            console.print(f"the run has its {finished} epochs already", highlight=False)
        elif finished:
            console.print(f"going on after epoch {finished}", highlight=False)
        bar.update(task, completed=finished * steps, description=f"epoch {finished + 1}")

    def on_batch(done: int) -> None:
        bar.update(task, completed=finished * steps + done)

    def on_epoch(epoch: Epoch) -> None:
        nonlocal finished
        finished = epoch.epoch
        console.print(format_epoch(epoch, epochs), highlight=False)
        bar.update(task, completed=finished * steps, description=f"epoch {min(finished + 1, epochs)}")

    with bar:
        yield FitListener(on_start, on_batch, on_epoch)


def format_epoch(epoch: Epoch, epochs: int) -> str:
    """One line of the log; the remaining time takes the epochs to come to be as long as this one."""
    remaining = timedelta(seconds=round(epoch.seconds * (epochs - epoch.epoch)))
    return (
        f"epoch {epoch.epoch:>{len(str(epochs))}}/{epochs}"
        f"  train loss {epoch.train_loss:.4f} accuracy {epoch.train_accuracy:.4f}"
        f"  validation loss {epoch.validation_loss:.4f} accuracy {epoch.validation_accuracy:.4f}"
        f"  {epoch.seconds:.1f} s  remaining {remaining}"
    )
