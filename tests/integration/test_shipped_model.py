"""The shipped model is as good as its card and the documents say: scored on FER-2013's own test images."""

from pathlib import Path

import numpy as np
import pytest

from classifier_worker.settings import SHIPPED_MODEL
from training.export import read_card, read_variant
from training.inputs import load_scored_inputs
from training.lite import predict_lite
from training.scorecard import ModelFacts, Scorecard, make_scorecard
from training.scoring import gather_test_images


@pytest.fixture(scope="module")
def scorecard(shared: Path) -> Scorecard:
    data = shared / "data"
    test = gather_test_images(
        load_scored_inputs(data / "fer2013.zip", data / "ferplus_votes.csv", against=None)
    )
    card = read_card(SHIPPED_MODEL)
    voters, own = (read_variant(SHIPPED_MODEL, card, name) for name in ("int8", "int8-original"))
    facts = ModelFacts(
        version=card.version,
        parameters=card.parameters,
        multiply_adds=card.multiply_adds,
        bytes=len(voters),
        temperature=card.temperature,
        milliseconds_single=None,
        milliseconds_batched=None,
    )
    return make_scorecard(
        facts,
        test,
        predict_lite(voters, test.images),
        original_logits=predict_lite(own, test.images),
        soft_confusion=np.array(card.soft_confusion),
    )


def test_it_says_what_most_voters_say(scorecard: Scorecard) -> None:
    assert scorecard.ferplus is not None
    assert scorecard.ferplus.accuracy_deduplicated is not None
    assert scorecard.ferplus.accuracy_deduplicated >= 0.89


def test_its_auxiliary_head_says_the_original_labels(scorecard: Scorecard) -> None:
    assert scorecard.original.accuracy_deduplicated is not None
    assert scorecard.original.accuracy_deduplicated >= 0.67


def test_it_is_as_sure_as_it_is_right(scorecard: Scorecard) -> None:
    assert scorecard.calibration.ece <= 0.02


def test_shares_of_shifted_crowds_are_recovered_better_than_they_are_told(scorecard: Scorecard) -> None:
    assert scorecard.recovery is not None
    assert scorecard.recovery.corrected < min(scorecard.recovery.raw, scorecard.recovery.hard)


def test_it_scores_what_its_card_says(scorecard: Scorecard) -> None:
    metrics = read_card(SHIPPED_MODEL).metrics
    assert scorecard.ferplus is not None
    assert scorecard.ferplus.accuracy == pytest.approx(metrics["test_ferplus_accuracy"], abs=0.002)
    assert scorecard.original.accuracy == pytest.approx(metrics["test_original_accuracy"], abs=0.002)


def test_it_is_small() -> None:
    card = read_card(SHIPPED_MODEL)
    assert card.multiply_adds <= 130_000_000
    assert card.parameters <= 3_000_000
    assert sum(file.size_bytes for file in card.files.values()) <= 5_000_000
    assert card.metrics["validation_accuracy"] - card.metrics["int8_validation_accuracy"] <= 0.005
