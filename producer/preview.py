"""Small pictures for people who look at the live view, where somebody at the camera asked for them."""

import logging
import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from contract.events import PREVIEW_BYTES_MAX, PREVIEW_FOR_S, SCHEMA, Preview
from producer.frames import Frame, Image
from producer.zones import Box, Zones

log = logging.getLogger(__name__)

PERIOD_MS: Final = 500
SIDE_MAX_PX: Final = 640
QUALITIES: Final = (80, 60, 40, 20, 10)
"""Of a JPEG, best first; of the last one, even a picture of nothing but noise has less than 100 kB."""


class Previewer:
    """Chooses the frames that are previewed. Pure: time comes with the frames.

    Args:
        camera: ``site/camera``.
        session: the producer's run.
        start_ms: UTC; ``PREVIEW_FOR_S`` later, previews end for good.
        zones: of the camera.
    """

    def __init__(self, camera: str, session: str, start_ms: int, zones: Zones) -> None:
        self._camera = camera
        self._session = session
        self._zones = zones
        self._end_ms = start_ms + PREVIEW_FOR_S * 1000
        self._due_ms = start_ms
        self._ended = False
        log.info(
            "%s shows its picture for %d min to all who may see its site on the dashboard",
            camera,
            PREVIEW_FOR_S // 60,
        )

    def preview(self, frame: Frame, number: int, hidden: Sequence[Box] = ()) -> Preview | None:
        """The frame's preview, or None: it is too early for another, or they have ended.

        Args:
            frame: with faces or without.
            number: of the frame, as in its ``FrameFaces``.
            hidden: parts of it that nobody gets to see, in pixels.
        """
        at_ms = frame.captured_at_ms
        if self._ended or at_ms < self._due_ms:
            return None
        if at_ms >= self._end_ms:
            self._ended = True
            log.info("previews have ended after %d min; another start begins anew", PREVIEW_FOR_S // 60)
            return None
        self._due_ms = at_ms + PERIOD_MS
        jpeg = _jpeg(shown(frame.image, self._zones, hidden))
        return Preview(SCHEMA, self._camera, self._session, number, at_ms, jpeg) if jpeg else None


def shown(image: Image, zones: Zones, hidden: Sequence[Box]) -> Image:
    """What people get to see of a frame: the one way from frames into previews.

    Args:
        image: uint8 BGR of shape (height, width, 3).
        zones: of the camera; staff and masked ones are black.
        hidden: other parts that are black, in pixels.

    Returns:
        uint8 BGR, at most ``SIDE_MAX_PX`` high and wide.
    """
    image = zones.on(image).black_out(image)
    if hidden:
        image = image.copy()
    for x, y, wide, high in hidden:
        left, top = max(0, math.floor(x)), max(0, math.floor(y))
        image[top : max(0, math.ceil(y + high)), left : max(0, math.ceil(x + wide))] = 0
    height, width = image.shape[:2]
    scale = SIDE_MAX_PX / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(image: Image) -> bytes | None:
    """The picture as a JPEG of the best quality that a message has room for."""
    for quality in QUALITIES:
        _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if jpeg.size <= PREVIEW_BYTES_MAX:
            return bytes(jpeg.tobytes())
    return None
