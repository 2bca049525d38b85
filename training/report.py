"""A scorecard as a page that people read: Markdown, with its plots as PNG files beside it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np

from contract.labels import LABELS
from runtime.errors import reason_of
from training.errors import ReportError
from training.evaluate import Scores
from training.interval import wilson_interval
from training.plots import (
    plot_abstention,
    plot_confusion,
    plot_history,
    plot_reliability,
    plot_robustness,
    plot_soft_confusion,
)
from training.runs import History, replace_file
from training.scorecard import Scorecard
from training.soft_confusion import Recovery

UNKNOWN: Final = "–"

REFERENCES: Final = {"ferplus": "FER+ majority", "original": "original labels"}
"""How the two sets of labels are called on the page."""

ANSWERED_AT: Final = (0, 40, 50, 60, 70, 80, 90)
"""Thresholds of confidence in the table of abstention, in percent."""


HOW_TO_READ: Final = {
    "confusion": "a row is a label, its cells are what the model says to the faces that have it, in percent "
    "of them; all that is off the diagonal is wrong.",
    "reliability": "a dot is the faces of which the model is about so sure; above the diagonal it is more "
    "often right than it says, below it less often; a bar is what chance allows (95%).",
    "abstention": "at the confidence that is asked for, the solid line says how many of the answers are "
    "right, the dashed one how many faces get an answer.",
    "robustness": "a bar is the accuracy on the same faces after they were made worse; the dashed line is "
    "the accuracy on the faces as they are.",
    "soft-confusion": "a row is a label, its cells are the mean probabilities that the model gives to the "
    "faces that have it (S, from the validation images); through them the shares of a crowd are told from "
    "its mean probabilities.",
    "curves": "each epoch is once through the training images; what is shipped are the weights of the epoch "
    "with the lowest validation loss. Training images are changed at random, which makes them harder.",
}
"""The sentence under each plot."""


def write_report(
    scorecard: Scorecard,
    folder: Path,
    name: str,
    history: History | None = None,
) -> Path:
    """Write ``<name>.md`` and the plots ``<name>-….png`` that it shows.

    Args:
        scorecard: what the page is about.
        folder: to write to; made if need be.
        name: of the page, without an ending.
        history: of the run that made the model.

    Returns:
        Path of the page.

    Raises:
        ReportError: the folder cannot be written.
    """
    page = folder / f"{name}.md"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for plot, content in draw_plots(scorecard, history).items():
            replace_file(folder / f"{name}-{plot}.png", content)
        replace_file(page, format_report(scorecard, name, history).encode())
    except OSError as error:
        raise ReportError(f"{folder} cannot be written ({reason_of(error)})") from error
    return page


def draw_plots(scorecard: Scorecard, history: History | None = None) -> dict[str, bytes]:
    """Draw the plots of a page; PNG files by name, those left out of which nothing was measured."""
    plots = {
        "confusion": plot_confusion({REFERENCES[key]: scores for key, scores in _list_scores(scorecard)}),
        "reliability": plot_reliability(scorecard.calibration),
        "abstention": plot_abstention(scorecard.abstention),
    }
    if scorecard.robustness is not None:
        robustness = {scorecard.model.version: scorecard.robustness}
        if scorecard.peer is not None and scorecard.peer.robustness is not None:
            robustness[scorecard.peer.model.version] = scorecard.peer.robustness
        plots["robustness"] = plot_robustness(robustness)
    if scorecard.soft_confusion is not None:
        plots["soft-confusion"] = plot_soft_confusion(np.array(scorecard.soft_confusion))
    if history is not None:
        plots["curves"] = plot_history(history, f"{scorecard.model.version} in training")
    return plots


def format_report(scorecard: Scorecard, name: str, history: History | None = None) -> str:
    """Write the page; Markdown that shows the plots of ``draw_plots`` as ``<name>-….png``."""
    sections = [
        _introduce(scorecard),
        _tabulate_headline(scorecard),
        "## Label by label",
        _tabulate_labels(scorecard),
        _show(name, "confusion", "Confusion matrix"),
        "## As sure as it is right",
        _show(name, "reliability", "Reliability plot"),
        "## If it did not answer where it is unsure",
        _show(name, "abstention", "Abstention curve"),
        _tabulate_abstention(scorecard),
    ]
    if scorecard.robustness is not None:
        sections += ["## Faces that arrive worse", _show(name, "robustness", "Accuracy by degradation")]
    if scorecard.soft_confusion is not None:
        sections += [
            "## From mean probabilities to shares of a crowd",
            _show(name, "soft-confusion", "Mean probabilities by label"),
        ]
    if scorecard.recovery is not None:
        sections.append(_tabulate_recovery(scorecard.recovery))
    if history is not None:
        sections += ["## In training", _show(name, "curves", "Accuracy and loss by epoch")]
    return "\n\n".join(sections) + "\n"


def _introduce(scorecard: Scorecard) -> str:
    data = scorecard.data
    copies = (
        "It is not known which of them the model was trained on."
        if data.duplicates is None
        else f"{data.duplicates:,} of them equal a training image, pixel by pixel, so there is a score "
        "without these beside each usual one."
    )
    votes = (
        "No FER+ votes were given, so everything is measured against the original labels."
        if scorecard.ferplus is None
        else "*FER+ majority* is the label that got more than half of ten people's votes; images without one "
        "are left out. Where a section names no labels, it is measured against these."
    )
    return f"# {scorecard.model.version} on {data.name}\n\n{data.images:,} test images. {copies} {votes}"


def _tabulate_headline(scorecard: Scorecard) -> str:
    cards = [scorecard] if scorecard.peer is None else [scorecard, scorecard.peer]
    rows: list[tuple[str, Callable[[Scorecard], str]]] = [
        ("accuracy, FER+ majority", lambda card: _format_accuracy(card.ferplus)),
        ("… without copies of training images", lambda card: _format_deduplicated(card.ferplus)),
        ("accuracy, original labels", lambda card: _format_accuracy(card.original)),
        ("… without copies of training images", lambda card: _format_deduplicated(card.original)),
        ("expected calibration error", lambda card: f"{card.calibration.ece:.1%}"),
        ("negative log-likelihood (nats)", lambda card: f"{card.calibration.nll:.3f}"),
        ("parameters", lambda card: f"{card.model.parameters:,}"),
        ("multiply-adds a face", lambda card: _format(card.model.multiply_adds, "{:,}")),
        ("file (bytes)", lambda card: f"{card.model.bytes:,}"),
        ("ms a face, alone", lambda card: _format(card.model.milliseconds_single, "{:.2f}")),
        ("ms a face, in batches", lambda card: _format(card.model.milliseconds_batched, "{:.2f}")),
        ("share of the best int8 convolution", lambda card: _format(card.model.convolution_share, "{:.0%}")),
    ]
    table = _tabulate(
        ["", *(card.model.version for card in cards)],
        ([title, *(cell(card) for card in cards)] for title, cell in rows),
    )
    return f"{table}\n\nIn brackets: what chance allows for so many images (95%). Times are of one thread."


def _tabulate_labels(scorecard: Scorecard) -> str:
    scores = _list_scores(scorecard)
    titles = [f"{REFERENCES[key]}: {what}" for key, _ in scores for what in ("faces", "recall", "precision")]
    rows = (
        [label]
        + [
            cell
            for _, of in scores
            for cell in (
                f"{sum(of.confusion[place]):,}",
                _format(of.recalls[label], "{:.1%}"),
                _format(of.precisions[label], "{:.1%}"),
            )
        ]
        for place, label in enumerate(LABELS)
    )
    table = _tabulate(["", *titles], rows)
    return (
        f"{table}\n\n*Recall*: of the faces that have the label, how many are given it. *Precision*: of the "
        "faces that are given it, how many have it."
    )


def _tabulate_abstention(scorecard: Scorecard) -> str:
    curve = scorecard.abstention
    return _tabulate(
        ["confidence asked for", "faces answered", "answers right"],
        (
            [f"{at}%", f"{curve.answered[at]:.1%}", _format(curve.accuracy[at], "{:.1%}")]
            for at in ANSWERED_AT
        ),
    )


def _tabulate_recovery(recovery: Recovery) -> str:
    table = _tabulate(
        ["shares told by", "mean error (sum over the labels)"],
        [
            ["mean probabilities as they are", f"{recovery.raw:.3f}"],
            ["counting the likeliest labels", f"{recovery.hard:.3f}"],
            ["mean probabilities corrected through S", f"{recovery.corrected:.3f}"],
        ],
    )
    return (
        f"{recovery.draws} crowds of {recovery.faces:,} test faces each, in mixes drawn at random, and how "
        f"far the shares that were told lie from the true ones (0: not at all; 2: all is wrong):\n\n{table}"
    )


def _tabulate(titles: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table: the first column to the left, numbers to the right."""
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _list_scores(scorecard: Scorecard) -> list[tuple[str, Scores]]:
    """The scores there are, by key of ``REFERENCES``."""
    ferplus: list[tuple[str, Scores]] = [] if scorecard.ferplus is None else [("ferplus", scorecard.ferplus)]
    return [*ferplus, ("original", scorecard.original)]


def _format_accuracy(scores: Scores | None) -> str:
    return UNKNOWN if scores is None else _format_share(scores.accuracy, scores.n)


def _format_deduplicated(scores: Scores | None) -> str:
    if scores is None or scores.accuracy_deduplicated is None or scores.n_deduplicated is None:
        return UNKNOWN
    return _format_share(scores.accuracy_deduplicated, scores.n_deduplicated)


def _format_share(share: float, n: int) -> str:
    low, high = wilson_interval(share, n)
    return f"{share:.1%} ({100 * low:.1f}–{100 * high:.1f}) of {n:,}"


def _format(value: float | None, pattern: str) -> str:
    return UNKNOWN if value is None else pattern.format(value)


def _show(name: str, plot: str, title: str) -> str:
    return f"![{title}]({name}-{plot}.png)\n\nHow to read it: {HOW_TO_READ[plot]}"
