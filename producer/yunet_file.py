"""YuNet's model file: fetched once from the OpenCV Zoo, checked, and kept in the user's cache."""

import hashlib
import logging
from pathlib import Path

import pooch
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from producer.errors import DetectorUnusable
from runtime.errors import reason_of

YUNET_URL = (
    "https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/"
    "face_detection_yunet_2023mar.onnx"
)
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
"""As the OpenCV Zoo records it (232,589 bytes)."""

FETCH_TIMEOUT_S = 10


class YunetUnavailable(DetectorUnusable):
    """The model file is not here and cannot be fetched, or it is not the known one."""


def read_yunet(file: Path) -> bytes:
    """The model in ``file``.

    Raises:
        YunetUnavailable: it cannot be read, or is not the known model.
    """
    try:
        model = file.read_bytes()
    except OSError as error:
        raise YunetUnavailable(f"cannot read the YuNet model {file}: {reason_of(error)}") from None
    if hashlib.sha256(model).hexdigest() != YUNET_SHA256:
        raise YunetUnavailable(f"{file} is not face_detection_yunet_2023mar.onnx: its SHA-256 differs")
    return model


def fetch_yunet() -> bytes:
    """The model from the user's cache, fetched first where it is not there yet.

    Raises:
        YunetUnavailable: it cannot be fetched or kept, or what came is not the known model.
    """
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        file = pooch.retrieve(
            YUNET_URL,
            known_hash=f"sha256:{YUNET_SHA256}",
            fname=YUNET_URL.rpartition("/")[2],
            path=pooch.os_cache("moodlens"),
            downloader=pooch.HTTPDownloader(progressbar=_Bar(), timeout=FETCH_TIMEOUT_S),
        )
    except (OSError, ValueError) as error:  # no network, no disk; or pooch: another hash
        cause = "what came is not the known file" if isinstance(error, ValueError) else type(error).__name__
        raise YunetUnavailable(
            f"the YuNet model could not be fetched from {YUNET_URL.split('/')[2]} ({cause}); "
            "MOODLENS_PRODUCER_YUNET_FILE can name a copy"
        ) from None
    return read_yunet(Path(file))


class _Bar:
    """The progress bar that pooch asks for, drawn by rich on standard error."""

    def __init__(self) -> None:
        self.total = 0
        self._progress = Progress(
            TextColumn("YuNet model"), BarColumn(), DownloadColumn(), console=Console(stderr=True)
        )
        self._task = self._progress.add_task("fetch")

    def update(self, count: int) -> None:
        self._progress.start()
        self._progress.update(self._task, total=self.total, advance=count)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.stop()
