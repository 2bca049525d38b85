"""A DeepLens on this machine: the zip, unpacked, and a fake of the device's own module beside it."""

import json
import os
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from producer.detection import Detection
from producer.tracker import Tracker
from tests.support.services import Process

FAKES = Path(__file__).parent / "deeplens_device"
PYTHON = os.environ.get("MOODLENS_PYTHON37", sys.executable)
"""What runs the zip: this Python, or a 3.7 with NumPy and OpenCV as on the device, where one is named."""

IS_PYTHON_37 = "MOODLENS_PYTHON37" in os.environ

SIZE = (480.0, 270.0)


class DeepLens:
    """The device with a clip before its lens.

    Args:
        folder: for all its files.
        package: the zip.
        clips: folder of real clips and, beside it, of YuNet.
        clip: name of one.
        faults: which calls to the lens fail, and how.
    """

    def __init__(
        self,
        folder: Path,
        package: bytes,
        shared: Path,
        clip: str,
        faults: dict[int, str] | None = None,
    ) -> None:
        self.home = folder / "deeplens"
        self.stream = folder / "results.mjpeg"
        self._answers = folder / "answers.jsonl"
        with zipfile.ZipFile(BytesIO(package)) as archive:
            archive.extractall(self.home)
        # the zip's own files come first: the fakes stand in for what the device has
        environment = {
            "PYTHONPATH": f"{self.home}:{FAKES}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "FAKE_CLIP": str(shared / "data/videos" / clip),
            "FAKE_YUNET": str(shared / "models/face_detection_yunet_2023mar.onnx"),
            "FAKE_ANSWERS": str(self._answers),
            "FAKE_FAULTS": json.dumps(faults or {}),
            "MOODLENS_DEEPLENS_STREAM": str(self.stream),
        }
        command = [PYTHON, str(self.home / "lambda_function.py")]
        self.process = Process(command, folder / "deeplens.log", environment)

    def answers(self) -> list[tuple[int, list[Detection]]]:
        """When it looked (UTC ms), and what its detector answered."""
        if not self._answers.exists():
            return []
        lines = [json.loads(line) for line in self._answers.read_text().splitlines()]
        return [
            (at_ms, [Detection((x, y, w, h), score, None) for x, y, w, h, score in faces])
            for at_ms, faces in lines
        ]

    def expected(self) -> dict[str, int]:
        """What a producer would publish of these answers."""
        tracker = Tracker()
        faces = [
            len(tracker.update([one for one in found if one.box[3] >= 12], at_ms, SIZE))
            for at_ms, found in self.answers()
        ]
        return {"frames": sum(map(bool, faces)), "face_frames": sum(faces), "visits": tracker.count}

    def stop(self) -> dict[str, Any]:
        """What it says at its end."""
        assert self.process.stop() == 0, self.process.output
        said: dict[str, Any] = json.loads(self.process.output.rsplit("the session ends: ", 1)[1])
        return said

    @property
    def is_quiet(self) -> bool:
        """Whether its clip is over: its last looks showed nobody, after somebody."""
        answers = [found for _, found in self.answers()]
        return any(answers) and not any(answers[-3:])
