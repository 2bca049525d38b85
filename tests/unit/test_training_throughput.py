from collections.abc import Iterator
from itertools import count

import keras
import numpy as np
import pytest

from training.errors import ExportError
from training.lite import convert_to_int8
from training.throughput import measure_convolutions, measure_seconds, measure_throughput


class Ticking:
    """A clock that only calls move on."""

    def __init__(self, seconds: Iterator[float]) -> None:
        self.now_s = 0.0
        self.calls = 0
        self._seconds = seconds

    def __call__(self) -> float:
        return self.now_s

    def call(self) -> None:
        self.calls += 1
        self.now_s += next(self._seconds)


@pytest.fixture(scope="module")
def tiny() -> bytes:
    """An int8 model with a single dense layer."""
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.AveragePooling2D(8), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((48, 48, 1)), *layers, keras.layers.Dense(7)])
    crops = np.random.default_rng(1).integers(0, 256, (4, 48, 48, 1), np.uint8)
    crops[:, :8, :16] = np.repeat((0, 255), 8)[None, None, :, None]  # ranges from black to white
    return convert_to_int8(model, crops)


def test_the_first_call_does_not_count() -> None:
    clock = Ticking(5.0 if n == 0 else 0.25 for n in count())
    assert measure_seconds(clock.call, clock=clock, rounds=3, round_s=1.0) == pytest.approx(0.25)


def test_the_median_round_counts_and_not_the_one_that_was_interrupted() -> None:
    clock = Ticking(60.0 if n == 3 else 2.0 for n in count())
    assert measure_seconds(clock.call, clock=clock, rounds=5, round_s=1.0) == pytest.approx(2.0)


def test_a_quick_call_is_repeated_until_a_round_is_long_enough() -> None:
    clock = Ticking(0.001 for _ in count())
    assert measure_seconds(clock.call, clock=clock, rounds=3, round_s=0.1) == pytest.approx(0.001)
    assert clock.calls >= 3 * 100


@pytest.mark.parametrize("batch", [1, 32])
def test_a_model_has_a_throughput(tiny: bytes, batch: int) -> None:
    assert measure_throughput(tiny, batch, rounds=1, round_s=0.001) > 100


def test_a_file_that_is_no_model_is_refused() -> None:
    with pytest.raises(ExportError, match="not a LiteRT model"):
        measure_throughput(b"no model", 1)


def test_convolutions_of_every_shape_are_measured() -> None:
    rates = list(measure_convolutions(channels=(8, 16), sides=(4, 2), rounds=1, round_s=0.001))
    assert [(rate.channels, rate.side) for rate in rates] == [(8, 4), (8, 2), (16, 4), (16, 2)]
    assert all(rate.multiply_adds_per_s > 1e6 for rate in rates)
