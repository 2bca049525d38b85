"""The commands that judge: scores of an exported model as JSON, and as a page with plots."""

import argparse
import time
from pathlib import Path

import msgspec
import numpy as np
from rich.console import Console

from runtime.errors import reason_of
from training.dataset import Images, find_duplicates
from training.errors import ReportError
from training.export import read_card, read_variant
from training.inputs import ScoredInputs
from training.lite import Logits, predict_lite
from training.peer import (
    NETWORK_FILE,
    PACKAGE,
    VERSION,
    find_peer_file,
    load_peer,
    measure_peer,
    predict_peer,
)
from training.report import write_report
from training.runs import RunFolder, replace_file
from training.scorecard import ModelFacts, Scorecard, TestImages, make_scorecard
from training.targets import ORIGINAL
from training.throughput import measure_convolution_limit, measure_throughput


def run_evaluate(options: argparse.Namespace, inputs: ScoredInputs) -> None:
    """Score an exported model."""
    test = gather_test_images(inputs)
    scorecard = score_export(options.model, options.variant, test)
    if options.peer:
        scorecard = compare_with_peer(scorecard, test)
    text = msgspec.json.format(msgspec.json.encode(scorecard)) + b"\n"
    if options.json:
        try:
            replace_file(options.json, text)
        except OSError as error:
            raise ReportError(f"{options.json} cannot be written ({reason_of(error)})") from error
    if options.page:
        write_report(scorecard, options.page, scorecard.model.version)
    print_summary(scorecard)


def compare_with_peer(scorecard: Scorecard, test: TestImages) -> Scorecard:
    """Set a model beside the peer on the same images and machine, and beside what the machine could do.

    Raises:
        PeerError: the peer's package is missing or of another version.
    """
    peer = score_peer(test)
    model, share = scorecard.model, None
    if model.multiply_adds is not None and model.milliseconds_batched is not None:
        rate = model.multiply_adds / (model.milliseconds_batched / 1e3)
        share = rate / measure_convolution_limit(clock=time.process_time).multiply_adds_per_s
    return msgspec.structs.replace(
        scorecard, model=msgspec.structs.replace(model, convolution_share=share), peer=peer
    )


def print_summary(scorecard: Scorecard) -> None:
    """Say in a few lines what a model reaches."""
    console = Console(soft_wrap=True, highlight=False)
    for card in (scorecard, scorecard.peer):
        if card is not None:
            _print_scores(console, card)


def _print_scores(console: Console, scorecard: Scorecard) -> None:
    console.print(f"{scorecard.model.version} on {scorecard.data.images:,} images of {scorecard.data.name}")
    for name, scores in (("FER+ majority", scorecard.ferplus), ("original labels", scorecard.original)):
        if scores is not None:
            without = scores.accuracy_deduplicated
            alone = "" if without is None else f", without copies of training images {without:.1%}"
            console.print(f"{name}: {scores.accuracy:.1%} of {scores.n:,}{alone}")
    console.print(f"expected calibration error: {scorecard.calibration.ece:.1%}")
    if scorecard.model.milliseconds_batched is not None:
        console.print(
            f"faces a second on one thread, in batches: {1e3 / scorecard.model.milliseconds_batched:,.0f}"
        )
    if scorecard.model.convolution_share is not None:
        console.print(f"share of the best int8 convolution here: {scorecard.model.convolution_share:.0%}")


def run_report(options: argparse.Namespace) -> None:
    """Make the page of scores that were written before, and draw the curves of a run.

    Raises:
        ReportError: the scores cannot be read, or the folder cannot be written.
        RunError: the run cannot be read.
    """
    scorecard = read_scorecard(options.json)
    run = RunFolder(options.run) if options.run else None
    if run:
        run.read_settings()  # says so where there is none
    history = run.read_history() if run else None
    page = write_report(scorecard, options.to, scorecard.model.version, history=history)
    Console(soft_wrap=True, highlight=False).print(f"→ {page}")


def read_scorecard(file: Path) -> Scorecard:
    """Read what an evaluation wrote.

    Raises:
        ReportError: it cannot be read, or is something else.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Scorecard)
    except OSError as error:
        raise ReportError(f"{file} cannot be read ({reason_of(error)})") from error
    except msgspec.MsgspecError as error:
        raise ReportError(f"{file} does not hold scores ({error})") from error


def gather_test_images(inputs: ScoredInputs) -> TestImages:
    """Put together all that is known of the images to score on."""
    votes = inputs.votes
    return TestImages(
        name=inputs.name,
        images=inputs.test.images,
        classes=inputs.test.classes,
        majority=votes.find(inputs.test.names).find_majorities() if votes else None,
        duplicates=None if inputs.train is None else find_duplicates(inputs.test, inputs.train),
    )


def score_export(folder: Path, variant: str, test: TestImages) -> Scorecard:
    """Score one variant of an exported model, its auxiliary head for the original labels with it.

    Raises:
        ExportError: a file is missing or not the one of the card.
    """
    card = read_card(folder)
    content = read_variant(folder, card, variant)
    auxiliary = f"{variant}-{ORIGINAL}"
    own = read_variant(folder, card, auxiliary) if auxiliary in card.files else None
    # processor time: other work on the machine does not count, and one thread has no other
    alone, batched = (measure_throughput(content, batch, clock=time.process_time) for batch in (1, 32))
    facts = ModelFacts(
        version=card.version,
        parameters=card.parameters,
        multiply_adds=card.multiply_adds,
        bytes=len(content),
        temperature=card.temperature,
        milliseconds_single=1e3 / alone,
        milliseconds_batched=1e3 / batched,
    )
    return make_scorecard(
        facts,
        test,
        predict_lite(content, test.images),
        original_logits=predict_lite(own, test.images) if own else None,
        soft_confusion=np.array(card.soft_confusion) if card.soft_confusion else None,
        predict=lambda images: predict_lite(content, images),
    )


def score_peer(test: TestImages) -> Scorecard:
    """Score the network of the peer's package; timed in batches by TensorFlow, alone as it comes.

    Raises:
        PeerError: the package is missing or of another version.
    """
    rates = measure_peer(time.process_time)
    facts = ModelFacts(
        version=f"{PACKAGE} {VERSION}",
        parameters=load_peer().count_params(),
        multiply_adds=None,
        bytes=find_peer_file(NETWORK_FILE).stat().st_size,
        temperature=1.0,
        milliseconds_single=1e3 / rates.default_single,
        milliseconds_batched=1e3 / rates.keras_batched,
    )
    return make_scorecard(facts, test, _predict_peer_logits(test.images), predict=_predict_peer_logits)


def _predict_peer_logits(images: Images) -> Logits:
    """Logarithms of the peer's probabilities, which a softmax turns back into these."""
    return np.log(np.maximum(predict_peer(images), np.finfo(np.float32).tiny))
