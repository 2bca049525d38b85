"""The pictures of a run and of a scorecard, as PNG files."""

import io
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import PercentFormatter

from contract.labels import LABELS
from training.calibration import AbstentionCurve, Calibration, Floats
from training.evaluate import Scores
from training.interval import wilson_interval
from training.runs import History

BLUE, SKY, ORANGE, VERMILION = "#0072b2", "#56b4e9", "#e69f00", "#d55e00"
"""Of Okabe & Ito (2008), told apart by colour-blind readers too."""

GREY, DARK_GREY = "#999999", "#555555"

DEGRADATION_NAMES: Final = {
    "arriving_at_24_px": "face of 24 px",
    "arriving_at_32_px": "face of 32 px",
    "arriving_at_48_px": "face of 48 px (as it is)",
    "arriving_at_96_px": "face of 96 px",
    "jpeg_q50": "JPEG, quality 50",
    "jpeg_q20": "JPEG, quality 20",
    "roll_plus_15": "rolled by +15°",
    "roll_minus_15": "rolled by −15°",
    "darker": "in little light, noisy",
    "off_centre_10_percent": "off centre by 10%",
    "blur": "out of focus",
    "contrast_low": "low contrast",
}
"""How the keys of ``training.robustness.DEGRADATIONS`` are written under a bar."""


def plot_history(history: History, title: str) -> bytes:
    """Draw accuracy (left, %) and loss (right, nats) of training and validation; PNG, 1650×675 pixels."""
    figure = _open_figure(11, 4.5)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    epochs = history.epochs
    _plot(left, [100 * e.train_accuracy for e in epochs], [100 * e.validation_accuracy for e in epochs])
    left.set_ylabel("accuracy (%)")
    left.legend(loc="lower right")
    _plot(right, [e.train_loss for e in epochs], [e.validation_loss for e in epochs])
    right.set_ylabel("cross-entropy (nats)")
    right.legend(loc="upper right")
    return _to_png(figure)


def plot_confusion(scores: Mapping[str, Scores]) -> bytes:
    """Draw confusion matrices side by side; PNG, 975 pixels high.

    Args:
        scores: by name of their labels.
    """
    figure = _open_figure(6.8 * len(scores), 6.5)
    for axes, (name, score) in zip(
        figure.subplots(1, len(scores), squeeze=False)[0], scores.items(), strict=True
    ):
        counts = np.array(score.confusion)
        faces = counts.sum(axis=1)
        rows = [f"{label}\n{n:,} face{'s' if n != 1 else ''}" for label, n in zip(LABELS, faces, strict=True)]
        _draw_matrix(axes, counts / np.maximum(faces, 1)[:, np.newaxis], rows)
        axes.set_title(f"{name}: {score.accuracy:.1%} right")
        axes.set_xlabel("what the model says", labelpad=8)
    return _to_png(figure)


def plot_soft_confusion(soft_confusion: Floats) -> bytes:
    """Draw S; PNG, 1020×975 pixels.

    Args:
        soft_confusion: float, (7, 7); each row sums to 1.
    """
    figure = _open_figure(6.8, 6.5)
    axes = figure.subplots()
    _draw_matrix(axes, soft_confusion, LABELS)
    axes.set_title("mean probability in percent")
    axes.set_xlabel("of this label", labelpad=8)
    axes.set_ylabel("over the faces of this label", labelpad=8)
    return _to_png(figure)


def plot_reliability(calibration: Calibration) -> bytes:
    """Draw accuracy against confidence, above how many faces have that confidence; PNG, 1020×975 pixels."""
    figure = _open_figure(6.8, 6.5)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    top.plot((0, 1), (0, 1), color=GREY, linestyle="--", linewidth=1.2, label="as sure as it is right")
    for b in calibration.bins:
        if b.confidence is not None and b.accuracy is not None:
            top.vlines(
                b.confidence, *wilson_interval(b.accuracy, b.count), color=BLUE, linewidth=1.5, alpha=0.5
            )
            top.plot(b.confidence, b.accuracy, "o", color=BLUE, markersize=6, clip_on=False)
    top.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share that is right")
    top.legend(loc="lower right", frameon=False)
    top.set_title(f"expected calibration error {calibration.ece:.1%}")
    n = sum(b.count for b in calibration.bins)
    edges = [b.above for b in calibration.bins] + [1.0]
    bottom.stairs([b.count / n for b in calibration.bins], edges, fill=True, color=SKY)
    bottom.set(ylim=(0, None), xlabel="confidence", ylabel="faces")
    for axes in (top, bottom):
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        _tidy(axes)
    bottom.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return _to_png(figure)


def plot_abstention(curve: AbstentionCurve) -> bytes:
    """Draw accuracy and share of answers over the threshold of confidence; PNG, 1200×750 pixels."""
    figure = _open_figure(8, 5)
    axes = figure.subplots()
    accuracy = [np.nan if a is None else a for a in curve.accuracy]
    lowest = np.floor(10 * min(np.nanmin(accuracy), *curve.answered)) / 10
    axes.plot(
        curve.thresholds, accuracy, color=BLUE, linewidth=2, label="share of the answers that are right"
    )
    axes.plot(
        curve.thresholds,
        curve.answered,
        color=VERMILION,
        linewidth=2,
        linestyle="--",
        label="share of the faces that are answered",
    )
    axes.set(xlim=(0, 1), ylim=(lowest, 1.005), xlabel="confidence asked for")
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="lower left", frameon=False)
    _tidy(axes)
    return _to_png(figure)


def plot_robustness(accuracies: Mapping[str, Mapping[str, float]]) -> bytes:
    """Draw the accuracy under each degradation as bars; PNG, 1275 pixels wide.

    Args:
        accuracies: by name of the model (one or two), then by name of the degradation.
    """
    models, names = list(accuracies), list(next(iter(accuracies.values())))
    height = 0.8 / len(models)
    figure = _open_figure(8.5, 1.4 + len(names) * (0.15 + 0.2 * len(models)))
    axes = figure.subplots()
    for place, (model, colour) in enumerate(zip(models, (BLUE, ORANGE), strict=False)):
        values = [accuracies[model][name] for name in names]
        at = np.arange(len(names)) + (place - (len(models) - 1) / 2) * height
        axes.barh(at, values, 0.9 * height, color=colour, label=model)
        for y, value in zip(at, values, strict=True):
            # in a column beside the bars, where nothing crosses them
            axes.text(1.09, y, f"{value:.1%}", ha="right", va="center", fontsize=9, color=DARK_GREY)
    axes.axvline(accuracies[models[0]]["arriving_at_48_px"], color=GREY, linestyle="--", linewidth=1.2)
    axes.set_yticks(range(len(names)), [DEGRADATION_NAMES[name] for name in names])
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set(xlim=(0, 1.1), ylim=(len(names) - 0.5, -0.5), xlabel="accuracy")
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    if len(models) > 1:
        figure.legend(loc="outside upper center", ncols=2, frameon=False)
    _tidy(axes)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    return _to_png(figure)


def _draw_matrix(axes: Axes, shares: Floats, rows: Sequence[str]) -> None:
    """Tint the cells of a 7×7 matrix of fractions and write their percentages; below half a percent none."""
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.15)
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.005:
            colour = "white" if share > 0.55 else "black"
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(LABELS)), LABELS, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(LABELS)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    # white lines between the cells
    axes.set_xticks(np.arange(0.5, len(LABELS) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(LABELS) - 1), minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="minor", length=0)


def _tidy(axes: Axes) -> None:
    axes.set_axisbelow(True)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _open_figure(width: float, height: float) -> Figure:
    """A figure of so many inches with a calm margin; 150 pixels an inch."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    return Figure(figsize=(width, height), dpi=150, layout=layout)


def _to_png(figure: Figure) -> bytes:
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _plot(axes: Axes, train: list[float], validation: list[float]) -> None:
    epochs = range(1, len(train) + 1)
    for values, colour, label in (
        (train, BLUE, "training, during the epoch (dropout on)"),
        (validation, VERMILION, "validation, at its end"),
    ):
        # a single epoch is a dot: a line of one point would not show
        axes.plot(epochs, values, color=colour, label=label, marker="o", markersize=2.5, linewidth=1.5)
    axes.set_xlabel("epoch")
    _tidy(axes)
