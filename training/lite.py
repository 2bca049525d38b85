"""LiteRT models: converting to them, and running what came out as a worker runs it."""

from tempfile import TemporaryDirectory
from typing import Any, cast

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from training.dataset import Images
from training.errors import ExportError

Logits = npt.NDArray[np.float32]


def convert_to_int8(model: Any, crops: Images) -> bytes:
    """Quantise every operation of a model to int8.

    Args:
        model: keras.Model in float32, grey 0–255 to logits.
        crops: uint8, (N, 48, 48, 1): real faces that set the range of every activation; 500 or more, or the
            ranges miss what only a few faces reach.

    Returns:
        A LiteRT model: uint8 (B, 48, 48, 1) raw pixels to float32 (B, 7) logits, B free at run time.

    Raises:
        ExportError: pixels would not enter the model as they are.
    """
    with TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        return _convert(converter, crops)


def convert_to_float(model: Any) -> bytes:
    """Convert a model as it is, in float32.

    Args:
        model: keras.Model in float32, grey 0–255 to logits.

    Returns:
        A LiteRT model: uint8 (B, 48, 48, 1) raw pixels to float32 (B, 7) logits, B free at run time.
    """
    crops = keras.Input(model.input.shape[1:], dtype="uint8", name="crops")
    taking_bytes = keras.Model(crops, model(keras.ops.cast(crops, "float32")))
    with TemporaryDirectory() as folder:
        taking_bytes.export(folder, verbose=False)
        return cast(bytes, tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def _convert(converter: Any, crops: Images) -> bytes:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([crop[np.newaxis].astype(np.float32)] for crop in crops)
    # int8 alone, so that an operation without an int8 kernel fails here and does not run in float there
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    # float logits: each reader would have to scale int8 ones, and a temperature needs float anyway
    converter.inference_output_type = tf.float32
    content = cast(bytes, converter.convert())
    scale, zero_point = open_lite(content).get_input_details()[0]["quantization"]
    # the calibration crops reach from 0 to 255, so a step of the input is a grey level
    if (round(float(scale), 6), zero_point) != (1.0, 0):
        raise ExportError(f"the input has scale {scale} and zero point {zero_point}, so is not pixels 0–255")
    return content


def open_lite(content: bytes) -> Any:
    """Open a LiteRT model on one thread.

    Raises:
        ExportError: the bytes are not a LiteRT model.
    """
    try:
        return Interpreter(model_content=content, num_threads=1)
    except ValueError as error:
        raise ExportError("the file is not a LiteRT model") from error


def predict_lite(content: bytes, images: Images, batch_size: int = 32) -> Logits:
    """Run a LiteRT model over images, in batches as a worker does.

    Args:
        content: the model.
        images: uint8, (N, 48, 48, 1).
        batch_size: images a call; the last call takes what is left.

    Returns:
        float32, (N, 7), logits.

    Raises:
        ExportError: the bytes are not a LiteRT model that takes uint8 crops and gives float32 logits.
    """
    interpreter = open_lite(content)
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if (taken["dtype"], given["dtype"]) != (np.uint8, np.float32):
        raise ExportError("the model does not take uint8 and give float32")
    logits = []
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        if start == 0 or len(batch) != batch_size:
            interpreter.resize_tensor_input(taken["index"], batch.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(taken["index"], batch)
        interpreter.invoke()
        logits.append(interpreter.get_tensor(given["index"]))
    return np.concatenate(logits)


def predict_keras(model: Any, images: Images) -> Logits:
    """Run a Keras model over uint8 (N, 48, 48, 1) images; float32 logits, (N, 7) or (N, heads, 7)."""
    return cast(Logits, model.predict(images, batch_size=256, verbose=0))
