"""The bare model, and the best that LiteRT's int8 convolutions do here."""

from typing import Any

from classifier_worker.settings import SHIPPED_MODEL

BATCH = 32


def read_model() -> bytes:
    """The int8 model that workers run."""
    return (SHIPPED_MODEL / "model.int8.tflite").read_bytes()


def measure_model(multiply_adds: int) -> dict[str, Any]:
    """Faces a second of one thread, and the share of the convolution limit that this is.

    Args:
        multiply_adds: of a face.
    """
    # here, so that the command's help need not wait for TensorFlow
    from training.throughput import measure_convolution_limit, measure_throughput  # noqa: PLC0415

    faces_per_s = measure_throughput(read_model(), BATCH)
    limit = measure_convolution_limit()
    return {
        "faces_per_s": round(faces_per_s),
        "best_convolution_gmac_per_s": round(limit.multiply_adds_per_s / 1e9, 1),
        "share_of_best_convolution": round(faces_per_s * multiply_adds / limit.multiply_adds_per_s, 3),
    }
