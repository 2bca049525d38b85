"""A camera frames faces as the pictures that models learn from: measured on FER-2013's own."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.framing import Framings, between, draw_images, measure_framings, open_detectors
from training.augment import ROLL_MAX_RAD, SCALE_MAX, SHIFT_MAX

SIDE_PX = 110.0
PICTURES = 200


@pytest.fixture(scope="module")
def framings(shared: Path) -> dict[str, Framings]:
    """Of the same pictures by each detector."""
    images = draw_images(shared / "data/fer2013.zip", PICTURES)
    yunet, haar = open_detectors(shared / "models/face_detection_yunet_2023mar.onnx")
    return {
        "yunet": measure_framings(yunet, images, SIDE_PX),
        "haar": measure_framings(haar, images, SIDE_PX),
    }


def spread(values: np.ndarray, tail: float = 5.0) -> tuple[float, float, float]:
    """The percentile ``tail``, the median and the percentile 100 - ``tail``."""
    low, middle, high = np.percentile(values, (tail, 50.0, 100.0 - tail))
    return float(low), float(middle), float(high)


def test_most_faces_of_the_data_set_are_found(framings: dict[str, Framings]) -> None:
    assert framings["yunet"].rate >= 0.85
    assert framings["haar"].rate >= 0.65


@pytest.mark.parametrize("detector", ["yunet", "haar"])
def test_the_median_crop_is_framed_as_its_picture_is(framings: dict[str, Framings], detector: str) -> None:
    seen = framings[detector]
    assert np.median(seen.scales) == pytest.approx(1.0, abs=0.04)
    np.testing.assert_allclose(np.median(seen.shifts, axis=0), 0.0, atol=0.025)
    # YuNet's close-ups of enlarged pictures lean by 2°, of real clips they do not: see LANDMARKS_AT
    assert np.median(seen.rolls_deg) == pytest.approx(0.0, abs=3.0)


def test_landmarks_undo_the_data_sets_own_variety_and_no_more(framings: dict[str, Framings]) -> None:
    seen = framings["yunet"]
    low, _, high = spread(seen.scales)
    assert low >= 0.7
    assert high <= 1.45
    for shifts in seen.shifts.T:
        low, _, high = spread(shifts)
        assert low >= -0.15
        assert high <= 0.2
    low, _, high = spread(seen.rolls_deg)
    assert low >= -22
    assert high <= 16


def test_boxes_move_faces_no_more_than_the_augmentation_does(framings: dict[str, Framings]) -> None:
    seen = framings["haar"]
    for shifts in seen.shifts.T:
        low, _, high = spread(shifts)
        assert low >= -SHIFT_MAX
        assert high <= SHIFT_MAX + 0.02
    low, _, high = spread(seen.scales)
    assert low >= 1 - SCALE_MAX - 0.07
    assert high <= 1 + SCALE_MAX + 0.25  # the data set's small faces, which a box brings to the usual size
    assert not seen.rolls_deg.any()  # a box is never turned


def test_what_boxes_add_to_a_crop_on_landmarks_is_within_the_augmentation(
    framings: dict[str, Framings],
) -> None:
    added = between(framings["yunet"], framings["haar"])
    assert len(added.rows) >= 0.5 * PICTURES
    low, middle, high = spread(added.scales, tail=10.0)
    assert low >= 1 - SCALE_MAX
    assert middle == pytest.approx(1.0, abs=0.04)
    assert high <= 1 + SCALE_MAX
    assert np.percentile(np.abs(added.shifts), 95) <= SHIFT_MAX
    assert np.percentile(np.abs(added.rolls_deg), 95) <= np.degrees(ROLL_MAX_RAD)
