"""What an export rests on: its calibration crops, bytes that are a model, and int8 that loses little."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.faces import write_faces
from training.dataset import load_dataset
from training.errors import ExportError
from training.export import pick_calibration_crops, refuse_if_worse
from training.lite import open_lite


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ExportError, match="not a LiteRT model"):
        open_lite(b"not a model")


@pytest.mark.parametrize("int8", [0.7, 0.6, 0.5951])
def test_int8_may_gain_or_lose_half_a_point(int8: float) -> None:
    refuse_if_worse(0.6, int8)


def test_int8_that_loses_more_than_half_a_point_is_refused() -> None:
    with pytest.raises(ExportError, match=r"int8 loses 0\.60 points of accuracy .*; 0\.5 are allowed"):
        refuse_if_worse(0.6, 0.594)


def test_the_calibration_crops_are_drawn_without_replacement_and_by_seed(tmp_path: Path) -> None:
    dataset = load_dataset(write_faces(tmp_path))
    crops = pick_calibration_crops(dataset.train, 1)
    assert crops.shape == (448, 48, 48, 1)
    assert len({crop.tobytes() for crop in crops}) == len({image.tobytes() for image in dataset.train.images})
    np.testing.assert_array_equal(crops, pick_calibration_crops(dataset.train, 1))
    assert (crops != pick_calibration_crops(dataset.train, 2)).any()
