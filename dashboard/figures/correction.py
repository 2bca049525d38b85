"""Shares as the model would tell them if it made no mistakes, from what it is known to mistake.

A crowd with true shares π has the mean probability vector q = Sᵀπ, where S[i, j] is the mean probability of
label j over faces of label i, measured once for each model (its card has it). So π is found from q.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any, Final

import msgspec
import numpy as np

from contract import keys, row
from contract.labels import LABELS
from contract.model import ModelCard
from dashboard.figures.models import read_models
from dashboard.figures.periods import Span
from runtime import figures
from runtime.figures import Floats, Rows
from runtime.redis import Client

DRAWS: Final = 400
TAILS: Final = (2.5, 97.5)
SEED: Final = 7
_ROUNDING: Final = 1e-9


class WhyNot(StrEnum):
    """Why shares stay as they are."""

    MIXED_MODELS = "mixed models"
    UNKNOWN_MODEL = "unknown model"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Corrected:
    """Corrected shares of one row or several.

    Attributes:
        shares: float64 (…, 7), in the order of ``LABELS``; they sum to 1; NaN without visits.
        low, high: float64 (…, 7), of their 95% intervals; NaN below two visits.
    """

    shares: Floats
    low: Floats
    high: Floats


def find_soft_confusion(client: Client, cameras: Iterable[str], span: Span) -> Floats | WhyNot:
    """S of the one model that classified all that some cameras saw, float64 (7, 7), or why there is none.

    Args:
        client: Redis.
        cameras: ``site/camera``.
        span: when.
    """
    seen = versions(client, cameras, span)
    if len(seen) > 1:
        return WhyNot.MIXED_MODELS
    cards = read_cards(client)
    known = seen & cards.keys()
    if not known:
        return WhyNot.UNKNOWN_MODEL
    soft_confusion = cards[known.pop()].soft_confusion
    return WhyNot.NOT_MEASURED if soft_confusion is None else np.array(soft_confusion)


def read_cards(client: Client) -> dict[str, ModelCard]:
    """The cards of all models that workers have run, by version; what cannot be read is left out."""
    cards = {}
    stored: Any = client.hgetall(keys.MODELS)
    for version, text in stored.items():
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            cards[version.decode()] = msgspec.json.decode(text, type=ModelCard)
    return cards


def versions(client: Client, cameras: Iterable[str], span: Span) -> set[str]:
    """Every model version that windows of some cameras within a span rest on."""
    return {version for read in read_models(client, cameras, span).values() for version in read}


def corrected(rows: Rows, soft_confusion: Floats) -> Corrected:
    """Corrected shares and how sure they are.

    The intervals are those of the visits: mean vectors are drawn from N(m̄, covariance ÷ visits) and each is
    corrected. That S itself was measured, on some thousand faces, is not in them.

    Args:
        rows: int64 (…, ``row.WIDTH``): one row or several.
        soft_confusion: S, float64 (7, 7).
    """
    lines = rows.reshape(-1, row.WIDTH)
    found = np.full((3, len(lines), len(LABELS)), np.nan)
    seen, several = lines[:, row.VISITS] > 0, lines[:, row.VISITS] > 1
    found[0, seen] = recover_shares(figures.shares(lines[seen]), soft_confusion)
    if several.any():
        drawn = _draw_means(lines[several])
        recovered = recover_shares(drawn.reshape(-1, len(LABELS)), soft_confusion).reshape(drawn.shape)
        found[1:, several] = np.percentile(recovered, TAILS, axis=1)
    return Corrected(*found.reshape(3, *rows.shape[:-1], len(LABELS)))


def recover_shares(means: Floats, soft_confusion: Floats) -> Floats:
    """The shares whose mean probabilities come closest: argmin ‖Sᵀπ − q‖ with π ≥ 0 and Σπ = 1, for many q.

    Which shares are not zero is tried, all seven first; those that then solve the equations are the best ones
    if none is negative and none of the others would help (Karush–Kuhn–Tucker, as in Lawson & Hanson 1974,
    chapter 23, for one q at a time).

    Args:
        means: q, float64 (n, 7); each row sums to 1.
        soft_confusion: S, float64 (7, 7); each row sums to 1.

    Returns:
        π, float64 (n, 7); no component is negative, and each row sums to 1.
    """
    best, left = np.zeros_like(means), np.arange(len(means))
    for count in range(len(LABELS), 0, -1):
        for chosen in combinations(range(len(LABELS)), count):
            known = list(chosen)
            wanted = means[left]
            shares = _solve(wanted, soft_confusion[known])
            slopes = (shares @ soft_confusion[known] - wanted) @ soft_confusion.T
            level = slopes[:, known].mean(axis=1)  # the same for all that are not zero
            solved = (shares.min(axis=1) >= -_ROUNDING) & (slopes.min(axis=1) >= level - _ROUNDING)
            best[np.ix_(left[solved], known)] = shares[solved]
            left = left[~solved]
            if not len(left):
                return _normal(best)
    return _normal(best)


def _normal(shares: Floats) -> Floats:
    """Without what rounding left below zero."""
    positive = np.maximum(shares, 0.0)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True), np.float64)


def _solve(means: Floats, rows: Floats) -> Floats:
    """Shares of some labels that sum to 1 and come closest, whatever their signs: float64 (n, m).

    Equality-constrained least squares (Lawson & Hanson 1974, chapter 20).

    Args:
        means: q, float64 (n, 7).
        rows: of S, float64 (m, 7).
    """
    count = len(rows)
    system = np.ones((count + 1, count + 1))
    system[:count, :count] = rows @ rows.T
    system[count, count] = 0.0
    inverse = np.linalg.pinv(system)[:count]
    return np.asarray(means @ (inverse[:, :count] @ rows).T + inverse[:, count], np.float64)


def _draw_means(rows: Rows) -> Floats:
    """Mean probability vectors as chance among visits might have given them, float64 (n, ``DRAWS``, 7)."""
    visits = rows[:, row.VISITS, np.newaxis, np.newaxis]
    mean = rows[:, row.M_SUM, np.newaxis] / (visits * row.MICRO)
    products = np.zeros((len(rows), len(LABELS), len(LABELS)))
    upper, lower = np.array(row.PAIRS).T
    products[:, upper, lower] = products[:, lower, upper] = rows[:, row.MM_SUM] / row.MICRO
    covariance = (products - visits * mean * mean.swapaxes(1, 2)) / (visits - 1) / visits
    values, vectors = np.linalg.eigh(covariance)
    spread = vectors * np.sqrt(np.maximum(values, 0.0))[:, np.newaxis]
    chance = np.random.default_rng(SEED).standard_normal((DRAWS, len(LABELS)))
    return np.asarray(mean.swapaxes(1, 2) + chance @ spread.swapaxes(1, 2), np.float64)
