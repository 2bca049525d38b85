"""The two curves of a run: accuracy and loss over its epochs."""

import io

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.runs import History

TRAIN_COLOUR, TEST_COLOUR = "#0072b2", "#d55e00"
"""Blue and vermilion of Okabe & Ito (2008), told apart by colour-blind readers too."""


def plot_history(history: History, title: str) -> bytes:
    """Draw accuracy (left, %) and loss (right, nats) of training and test images; PNG, 1650×675 pixels."""
    figure = Figure(figsize=(11, 4.5), dpi=150, layout="constrained")
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    epochs = history.epochs
    _plot(left, [100 * e.train_accuracy for e in epochs], [100 * e.test_accuracy for e in epochs])
    left.set_ylabel("accuracy (%)")
    left.legend(loc="lower right")
    _plot(right, [e.train_loss for e in epochs], [e.test_loss for e in epochs])
    right.set_ylabel("cross-entropy (nats)")
    right.legend(loc="upper right")
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _plot(axes: Axes, train: list[float], test: list[float]) -> None:
    epochs = range(1, len(train) + 1)
    for values, colour, label in (
        (train, TRAIN_COLOUR, "training, during the epoch (dropout on)"),
        (test, TEST_COLOUR, "test, at its end"),
    ):
        # a single epoch is a dot: a line of one point would not show
        axes.plot(epochs, values, color=colour, label=label, marker="o", markersize=2.5, linewidth=1.5)
    axes.set_xlabel("epoch")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
