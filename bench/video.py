"""A video for a real camera: the scripted store, enlarged to what network cameras send."""

from pathlib import Path
from typing import Final

import cv2

from bench.errors import BenchError
from demo.face_model import load_face_model
from demo.scene import Scene
from demo.story import load_story

SIZE_PX: Final = (1920, 1080)
CAMERA: Final = "downtown/promotion"
"""It is never dark."""
FPS: Final = 10
SECONDS: Final = 20
BEGINS_S: Final = 30
"""Into the story, when people are there."""


def write_video(file: Path) -> None:
    """Writes it.

    Raises:
        BenchError: this build of OpenCV cannot.
    """
    story = load_story()
    scene = Scene(load_face_model(), story, story.camera(CAMERA))
    video = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), FPS, SIZE_PX)
    if not video.isOpened():
        raise BenchError("OpenCV cannot write a video here")
    for number in range(FPS * SECONDS):
        drawn = scene.draw((BEGINS_S + number / FPS) * 1000)
        if drawn:
            height = drawn[0].shape[1] * SIZE_PX[1] // SIZE_PX[0]
            video.write(cv2.resize(drawn[0][:height], SIZE_PX, interpolation=cv2.INTER_CUBIC))
    video.release()
