"""Colours that everybody can tell apart, on light and on dark pages."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from contract.labels import LABELS
from dashboard.charts.style import COLOURS, COUNT_COLOUR, INDEX_COLOUR, QUIET_COLOUR, TEXT_ON_COLOURS

Floats = npt.NDArray[np.float64]

LIGHT, DARK = "#ffffff", "#171614"
"""Streamlit's pages."""

SEEN_WITH = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
"""Of linear RGB: Machado, Oliveira & Fernandes 2009, table 1, severity 1.0."""

APART = 0.1
"""In OKLab (Ottosson 2020), in which black and white are 1 apart."""


def linear(colour: str) -> Floats:
    value = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def oklab(rgb: Floats) -> Floats:
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.asarray(lab @ np.cbrt(cones @ np.clip(rgb, 0, 1)))


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) + 0.05 for colour in (one, other))
    return light / dark


@pytest.mark.parametrize("eyes", SEEN_WITH)
def test_any_two_expressions_can_be_told_apart_by_everybody(eyes: str) -> None:
    seen = {label: oklab(SEEN_WITH[eyes] @ linear(colour)) for label, colour in COLOURS.items()}
    near = {
        (one, other): round(float(np.linalg.norm(seen[one] - seen[other])), 3)
        for one, other in combinations(LABELS, 2)
        if np.linalg.norm(seen[one] - seen[other]) < APART
    }
    assert not near


def test_the_mood_index_has_a_colour_of_its_own() -> None:
    index = oklab(linear(INDEX_COLOUR))
    assert min(np.linalg.norm(index - oklab(linear(colour))) for colour in COLOURS.values()) > APART


def test_colours_are_seen_on_light_and_dark_pages_and_text_is_read_on_them() -> None:
    for colour in (INDEX_COLOUR, COUNT_COLOUR, QUIET_COLOUR):
        assert contrast(colour, LIGHT) > 3
        assert contrast(colour, DARK) > 3
    for colour in COLOURS.values():
        assert contrast(colour, f"#{TEXT_ON_COLOURS[1:] * 2}") > 4.5
        assert min(contrast(colour, LIGHT), contrast(colour, DARK)) > 1.7
