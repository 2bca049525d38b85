"""Stands for the module of a DeepLens: a clip before the lens; YuNet answers as AWS' face model does.

Python 3.7, like what it serves. ``FAKE_CLIP`` and ``FAKE_YUNET`` name files; ``FAKE_ANSWERS`` one that gets a
line of JSON for each picture looked at: when (UTC ms), and the faces found (x, y, width, height in pixels and
the score). ``FAKE_FAULTS`` says which calls fail and how: ``{"3": "false", "5": "raise", "7": "none"}``.
"""

import json
import os
import time
from typing import Any, Dict, List, Tuple  # noqa: UP035  (Python 3.7)

import cv2
import numpy as np

STEP = 2  # pictures of a clip from one look to the next: 5 looks a second are nearly its own pace
BLACK: Any = np.zeros((270, 480, 3), np.uint8)


class _Clip:
    """A clip from its beginning, then an empty shop."""

    def __init__(self, path: str, faults: Dict[str, str]) -> None:  # noqa: UP006
        self.shown: Any = BLACK
        self._faults = faults
        self._calls = 0
        self._next = 0
        self._frames = []
        capture = cv2.VideoCapture(path)
        got, frame = capture.read()
        while got:
            self._frames.append(frame)
            got, frame = capture.read()

    def look(self) -> Tuple[bool, Any]:  # noqa: UP006
        self._calls += 1
        fault = self._faults.get(str(self._calls))
        if fault == "raise":
            raise RuntimeError("no signal")
        if fault:
            return {"false": (False, None), "none": (True, None), "grey": (True, BLACK[:, :, 0])}[fault]
        self.shown = self._frames[self._next] if self._next < len(self._frames) else BLACK
        self._next += STEP
        return True, self.shown


_clip = _Clip(os.environ.get("FAKE_CLIP", ""), json.loads(os.environ.get("FAKE_FAULTS", "{}")))
getLastFrame = _clip.look  # noqa: N816


class Model:
    """Finds faces in what was shown last; answers in pixels of its input, 300×300."""

    def __init__(self, path: str, options: Dict[str, int]) -> None:  # noqa: UP006
        if not path.endswith("mxnet_deploy_ssd_FP16_FUSED.xml") or options != {"GPU": 1}:
            raise ValueError("no such model")
        self._net = cv2.FaceDetectorYN.create(os.environ["FAKE_YUNET"], "", (480, 270), 0.5)

    def doInference(self, image: Any) -> List[List[float]]:  # noqa: N802, UP006
        if image.shape != (300, 300, 3):
            raise ValueError("the model takes 300×300")
        height, width = _clip.shown.shape[:2]
        self._net.setInputSize((width, height))
        found: Any = self._net.detect(_clip.shown)[1]
        faces = [
            [float(number) for number in (*row[:4], row[14])] for row in ([] if found is None else found)
        ]
        with open(os.environ["FAKE_ANSWERS"], "a") as answers:  # noqa: PTH123
            answers.write(json.dumps([int(time.time() * 1000), faces]) + "\n")
        across, down = 300 / width, 300 / height
        return [[x * across, y * down, w * across, h * down, score] for x, y, w, h, score in faces]

    def parseResult(self, kind: str, answer: List[List[float]]) -> Dict[str, Any]:  # noqa: N802, UP006
        """As AWS documents it; a face's label is a number or text, from one release to the next."""
        found: List[Dict[str, Any]] = [  # noqa: UP006
            {"label": (1, "1")[i % 2], "prob": score, "xmin": x, "xmax": x + w, "ymin": y, "ymax": y + h}
            for i, (x, y, w, h, score) in enumerate(answer)
        ]
        return {kind: [*found, {"label": 2, "prob": 0.9, "xmin": 0, "xmax": 50, "ymin": 0, "ymax": 50}]}
