"""Recordings: files and folders, as pictures with media times."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from producer.errors import SourceUnusable
from producer.frames import Image
from runtime.errors import reason_of

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
CORRUPT_RUN_MAX = 30
"""So many undecodable frames in a row are the end of a file."""


class Recording(Protocol):
    """Pictures with media times.

    Attributes:
        name: for people.
        interval_ms: usual time between two pictures.
    """

    name: str
    interval_ms: float

    def pictures(self) -> Iterator[tuple[float, Image | None]]:
        """From the beginning: media time in milliseconds, growing; and the picture, None if corrupt.

        Raises:
            SourceUnusable: the file cannot be opened.
        """
        ...


class VideoFile:
    """Any file that OpenCV decodes, GIFs included; see ``Recording``.

    Raises:
        SourceUnusable: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        capture = self._open()
        fps = capture.get(cv2.CAP_PROP_FPS)
        capture.release()
        self.interval_ms = 1000 / fps if 0 < fps <= 1000 else 40.0

    def pictures(self) -> Iterator[tuple[float, Image | None]]:
        """See ``Recording``; times are the container's, or the frame rate's where it has none."""
        capture = self._open()
        try:
            count = capture.get(cv2.CAP_PROP_FRAME_COUNT)  # 0 or less where the container does not tell
            media_ms = -self.interval_ms
            read = corrupt_run = 0
            while True:
                grabbed = capture.grab()
                if not grabbed and (read >= count or corrupt_run >= CORRUPT_RUN_MAX):
                    return
                image = None
                if grabbed:
                    ok, pixels = capture.retrieve()
                    image = (
                        np.asarray(pixels, np.uint8) if ok and pixels is not None and pixels.size else None
                    )
                read += 1
                corrupt_run = 0 if grabbed else corrupt_run + 1
                stamp_ms = capture.get(cv2.CAP_PROP_POS_MSEC)
                media_ms = stamp_ms if grabbed and stamp_ms > media_ms else media_ms + self.interval_ms
                yield max(media_ms, 0.0), image
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(self.name)
        if not capture.isOpened():
            raise SourceUnusable(f"cannot read {self.name} as a video{self._why()}")
        return capture

    def _why(self) -> str:
        try:
            return "" if self._path.stat().st_size else ": it is empty"
        except OSError as error:  # a file that is played again and again may go
            return f": {reason_of(error)}"


class ImageFolder:
    """The pictures of a folder in the order of their names, at the analysis rate; see ``Recording``.

    Raises:
        SourceUnusable: there are none, or the folder cannot be read.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.name = str(path)
        self.interval_ms = 1000 / fps
        try:
            self._files = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES)
        except OSError as error:
            raise SourceUnusable(f"cannot read {path}: {reason_of(error)}") from None
        if not self._files:
            raise SourceUnusable(f"no picture in {path} (looked for {', '.join(sorted(PICTURES))})")

    def pictures(self) -> Iterator[tuple[float, Image | None]]:
        """See ``Recording``."""
        for number, file in enumerate(self._files):
            pixels = cv2.imread(str(file), cv2.IMREAD_COLOR)
            yield number * self.interval_ms, None if pixels is None else np.asarray(pixels, np.uint8)
