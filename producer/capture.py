"""Webcams and network streams, opened."""

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from producer.errors import SourceUnavailable
from producer.frames import Image


class Capture(Protocol):
    """An open device or stream."""

    def read(self) -> Image | None:
        """The next frame, uint8 BGR (height, width, 3), or None where it ended or failed."""
        ...

    def release(self) -> None:
        """Closes the device or connection."""
        ...


def open_webcam(camera: int | str) -> Capture:
    """A webcam by number or device file.

    Raises:
        SourceUnavailable: there is none, or it cannot be opened.
    """
    device = Path(f"/dev/video{camera}") if isinstance(camera, int) else Path(camera)
    capture = cv2.VideoCapture(camera)
    if not capture.isOpened():
        if Path("/dev").is_dir() and not device.exists():
            raise SourceUnavailable(f"no webcam {camera}: there is no {device}")
        raise SourceUnavailable(
            f"webcam {camera} cannot be opened: in use by another program, or no permission"
        )
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # old frames are of no use; backends that cannot, ignore it
    return _Video(capture, f"webcam {camera}")


def open_stream(url: str, name: str, timeout_s: float) -> Capture:
    """A network stream; its reads fail after ``timeout_s`` of silence.

    Args:
        url: what FFmpeg understands: ``rtsp://``, ``http://``, …
        name: the URL without secrets, for messages.
        timeout_s: limit for the connection and for each read.

    Raises:
        SourceUnavailable: no answer, or nothing that can be decoded.
    """
    timeout_ms = round(timeout_s * 1000)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, timeout_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms]
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)
    if not capture.isOpened():
        raise SourceUnavailable(f"{name} does not answer with a video stream")
    return _Video(capture, name)


class _Video:
    """A ``cv2.VideoCapture`` as ``Capture``; its first frame is already read.

    Some drivers and servers seem to open and then give nothing: that is a failed attempt to open.

    Raises:
        SourceUnavailable: not even one frame comes.
    """

    def __init__(self, capture: cv2.VideoCapture, name: str) -> None:
        self._capture = capture
        self._first = self._next()
        if self._first is None:
            capture.release()
            raise SourceUnavailable(f"{name} opens, but gives no frame: in use by another program?")

    def read(self) -> Image | None:
        first, self._first = self._first, None
        return first if first is not None else self._next()

    def release(self) -> None:
        self._capture.release()

    def _next(self) -> Image | None:
        ok, pixels = self._capture.read()
        return np.asarray(pixels, np.uint8) if ok and pixels is not None and pixels.size else None
