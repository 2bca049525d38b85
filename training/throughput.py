"""How fast LiteRT runs a model here, and how fast it could: the best rate of an int8 convolution."""

import statistics
import time
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple, cast

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from training.errors import ExportError

ROUNDS: Final = 9
ROUND_S: Final = 0.1
"""A round has as many calls as fill this time: the clock and a single interruption then weigh little."""

LIMIT_BATCH: Final = 32
CHANNELS: Final = (32, 48, 64, 96, 128, 192, 256)
SIDES: Final = (24, 12, 6)
"""Shapes of the convolutions that small networks for 48×48 faces are made of."""

_CHAIN = 4
"""Convolutions in a row: so that reading the input and writing the output weigh little."""

_CALIBRATION_SAMPLES = 4

Clock = Callable[[], float]


class ConvolutionRate(NamedTuple):
    """How fast LiteRT runs 3×3 int8 convolutions of one shape.

    Attributes:
        multiply_adds_per_s: of one thread.
        channels: in and out.
        side: height and width of the plane, pixels.
        batch: planes a call.
    """

    multiply_adds_per_s: float
    channels: int
    side: int
    batch: int


def measure_throughput(
    content: bytes,
    batch: int,
    *,
    clock: Clock = time.perf_counter,
    rounds: int = ROUNDS,
    round_s: float = ROUND_S,
) -> float:
    """Time a model on noise, which costs it what faces do: numpy arrays in, numpy arrays out.

    Args:
        content: the LiteRT model, with one input and one output.
        batch: faces a call.
        clock: in seconds. Where other work shares the processor, ``time.process_time`` leaves out what that
            takes; it is otherwise the same, as there is one thread.
        rounds: how many are timed, after one that is not; the median counts.
        round_s: least length of a round.

    Returns:
        Faces a second.

    Raises:
        ExportError: the bytes are not a LiteRT model, or none for batches of this size.
    """
    call = _prepare(content, batch)
    return batch / measure_seconds(call, clock=clock, rounds=rounds, round_s=round_s)


def measure_convolution_limit(
    *, clock: Clock = time.perf_counter, rounds: int = ROUNDS, round_s: float = ROUND_S
) -> ConvolutionRate:
    """The best int8 convolution rate that LiteRT reaches here: what no network of convolutions exceeds.

    Takes about half a minute. For the other arguments see ``measure_throughput``.
    """
    return max(measure_convolutions(clock=clock, rounds=rounds, round_s=round_s))


def measure_convolutions(
    *,
    channels: tuple[int, ...] = CHANNELS,
    sides: tuple[int, ...] = SIDES,
    clock: Clock = time.perf_counter,
    rounds: int = ROUNDS,
    round_s: float = ROUND_S,
) -> Iterator[ConvolutionRate]:
    """The rate of each shape, as it is measured. For the other arguments see ``measure_throughput``."""
    for width in channels:
        content = _convert_convolutions(width)
        for side in sides:
            call = _prepare(content, LIMIT_BATCH, side)
            seconds = measure_seconds(call, clock=clock, rounds=rounds, round_s=round_s)
            multiply_adds = LIMIT_BATCH * _CHAIN * side**2 * 9 * width**2
            yield ConvolutionRate(multiply_adds / seconds, width, side, LIMIT_BATCH)


def measure_seconds(
    call: Callable[[], object],
    *,
    clock: Clock = time.perf_counter,
    rounds: int = ROUNDS,
    round_s: float = ROUND_S,
) -> float:
    """Seconds a call: the median of several rounds. For the arguments see ``measure_throughput``."""
    call()  # allocates, and packs the weights
    calls = 1
    while (seconds := _time(call, calls, clock)) < round_s:
        calls = max(calls + 1, int(calls * min(10.0, 1.2 * round_s / max(seconds, 1e-9))))
    return statistics.median(_time(call, calls, clock) for _ in range(rounds)) / calls


def _time(call: Callable[[], object], calls: int, clock: Clock) -> float:
    start = clock()
    for _ in range(calls):
        call()
    return clock() - start


def _prepare(content: bytes, batch: int, side: int | None = None) -> Callable[[], npt.NDArray[np.generic]]:
    """A call of the model on a batch of noise, in planes of a given side or else of the model's own."""
    try:
        interpreter = Interpreter(model_content=content, num_threads=1)
        source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        plane = source["shape"][1:] if side is None else (side, side, source["shape"][3])
        shape = (batch, *(int(size) for size in plane))
        interpreter.resize_tensor_input(source["index"], shape)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ExportError("the file is not a LiteRT model for batches of this size") from error
    noise = _draw_noise(shape, source["dtype"])

    def call() -> npt.NDArray[np.generic]:
        interpreter.set_tensor(source["index"], noise)
        interpreter.invoke()
        return cast("npt.NDArray[np.generic]", interpreter.get_tensor(sink["index"]))

    return call


def _draw_noise(shape: tuple[int, ...], dtype: type[np.generic]) -> npt.NDArray[np.generic]:
    random = np.random.default_rng(0)
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(cast("type[np.integer[Any]]", dtype))
        return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    return random.uniform(-1, 1, shape).astype(dtype)


def _convert_convolutions(channels: int) -> bytes:
    """A LiteRT model of 3×3 convolutions in a row, int8 in and out, for planes of any size."""
    layers = [keras.layers.Conv2D(channels, 3, padding="same", activation="relu") for _ in range(_CHAIN)]
    model = keras.Sequential([keras.Input((None, None, channels)), *layers])
    random = np.random.default_rng(0)
    samples = random.uniform(-1, 1, (_CALIBRATION_SAMPLES, 1, 8, 8, channels)).astype(np.float32)
    with TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        return _quantise(converter, samples)


def _quantise(converter: Any, samples: npt.NDArray[np.float32]) -> bytes:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    # the ends are int8 as well: else turning floats into int8 would be part of the rate
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return cast(bytes, converter.convert())
