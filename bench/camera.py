"""A camera on one core: finding faces, classifying them as well, and what leaves it either way."""

import os
import statistics
import time
from typing import Any, Final

import cv2
import psutil

from bench.video import BEGINS_S, CAMERA, FPS, SECONDS
from contract.codec import encode
from contract.events import FrameFaces
from demo.face_model import load_face_model
from demo.scene import Scene
from demo.story import load_story
from producer.camera import Camera, Event
from producer.detector import open_detector
from producer.frames import Frame
from producer.on_device import open_classify
from producer.reporter import Reporter
from producer.settings import ProducerSettings

ROUNDS: Final = 3
START_MS: Final = 1_700_000_000_000
SESSION: Final = "0" * 16


def measure_camera() -> dict[str, Any]:
    """Frames a second of one core, and bytes an hour at the usual rate, with crops and with emotions."""
    settings = ProducerSettings(camera=CAMERA, source="store", classify=True)
    own = psutil.Process()
    cores = own.cpu_affinity() if hasattr(own, "cpu_affinity") else None
    cv2.setNumThreads(1)
    if cores:
        own.cpu_affinity([max(cores)])
    try:
        frames = _frames()
        rounds = [_measure(settings, frames) for _ in range(ROUNDS)]
    finally:
        if cores:
            own.cpu_affinity(cores)
            cv2.setNumThreads(os.cpu_count() or 1)
    height, width = frames[0].image.shape[:2]
    speeds, with_faces = [speed for speed, _ in rounds], rounds[0][1]
    per_hour = settings.fps * 3600 / 1e6 / len(frames)  # MB, of bytes of all frames
    return {
        "picture_width": width,
        "picture_height": height,
        "faces_per_frame": round(sum(len(event.faces) for event in with_faces) / len(frames), 2),
        **{name: round(statistics.median(one[name] for one in speeds), 1) for name in speeds[0]},
        "mb_per_hour_of_crops": round(sum(len(encode(event)) for event in with_faces) * per_hour, 1),
        "mb_per_hour_of_emotions": round(
            sum(len(encode(classified)) for classified in map(open_classify(settings), with_faces))
            * per_hour,
            1,
        ),
        "frames_per_s_assumed": settings.fps,
    }


def _frames() -> list[Frame]:
    story = load_story()
    scene = Scene(load_face_model(), story, story.camera(CAMERA))
    drawn = ((n, scene.draw((BEGINS_S + n / FPS) * 1000)) for n in range(FPS * SECONDS))
    return [Frame(one[0], START_MS + n * 1000 // FPS) for n, one in drawn if one]


def _measure(settings: ProducerSettings, frames: list[Frame]) -> tuple[dict[str, float], list[FrameFaces]]:
    """Frames a second, and the events with faces."""
    detector, classify = open_detector(settings), open_classify(settings)
    reporter = Reporter(settings.camera, SESSION, FPS, detector.name, START_MS)
    faces_px = settings.face_min_px, float("inf")
    camera = Camera(settings.camera, SESSION, detector, reporter, faces_px, START_MS)
    began_s = time.process_time()
    events: list[Event] = [event for frame in frames for event in camera.see(frame)]
    found_s = time.process_time()
    for event in events:
        classify(event)
    ended_s = time.process_time()
    speeds = {
        f"frames_per_s_{detector.name}": len(frames) / (found_s - began_s),
        f"frames_per_s_{detector.name}_and_classify": len(frames) / (ended_s - began_s),
    }
    return speeds, [event for event in events if isinstance(event, FrameFaces)]
