"""Corrected shares are nearer to the truth than those of the shipped model: on FER-2013's test images."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from classifier_worker.settings import SHIPPED_MODEL
from contract.labels import LABELS
from dashboard.figures.correction import corrected
from runtime import figures
from tests.support.crowds import rows_of_visits
from training.calibration import softmax
from training.evaluate import find_labelled
from training.export import read_card, read_variant
from training.inputs import load_scored_inputs
from training.lite import predict_lite
from training.scoring import gather_test_images

CROWDS, VISITS = 200, 1000

Faces = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]


@pytest.fixture(scope="module")
def faces(shared: Path) -> Faces:
    """Probabilities, float64 (n, 7), and what most voters saw, int64 (n,)."""
    data = shared / "data"
    inputs = load_scored_inputs(data / "fer2013.zip", data / "ferplus_votes.csv", against=None)
    test, card = gather_test_images(inputs), read_card(SHIPPED_MODEL)
    assert test.majority is not None
    labelled = find_labelled(test.majority)
    logits = predict_lite(read_variant(SHIPPED_MODEL, card, "int8"), test.images[labelled])
    return softmax(logits, card.temperature), test.majority[labelled]


def test_shares_of_shifted_crowds_are_nearer_to_the_truth_when_corrected(faces: Faces) -> None:
    probabilities, labels = faces
    rng = np.random.default_rng(0)
    present = np.unique(labels)
    crowds, truth = [], np.zeros((CROWDS, len(LABELS)))
    for number, mix in enumerate(rng.dirichlet(np.ones(len(present)), CROWDS)):
        counts = rng.multinomial(VISITS, mix)
        drawn = [rng.choice(np.flatnonzero(labels == one), n) for one, n in zip(present, counts, strict=True)]
        crowds.append(probabilities[np.concatenate(drawn)])
        truth[number, present] = counts / VISITS
    rows = rows_of_visits(np.stack(crowds))
    found = corrected(rows, np.array(read_card(SHIPPED_MODEL).soft_confusion))
    raw_error, corrected_error = (
        np.abs(estimate - truth).sum(axis=1) for estimate in (figures.shares(rows), found.shares)
    )
    assert corrected_error.mean() < 0.6 * raw_error.mean()
    assert np.mean(corrected_error < raw_error) > 0.9
