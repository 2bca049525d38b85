"""YuNet: a first look at the whole frame, and a close-up of each face."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from producer.detection import Detection, shrink
from producer.errors import DetectorUnusable
from producer.frames import Image
from producer.framing import roll_rad

NMS_IOU = 0.3
"""Of two boxes that overlap more, the less sure one goes."""

CANDIDATES_MAX = 200
"""Boxes kept before overlap is removed."""

CLOSEUP_SIDE_PX = 256
CLOSEUP_COVERS = 1.7
"""Side of a close-up, and how many heights of the face it covers."""

CLOSEUP_FACE_MIN_PX = 40
"""Lower faces get no close-up: enlarged, there is too little to see, and their landmarks jitter more."""

TURN_AGAIN_RAD = math.radians(6)
"""A head tilted more than this in its close-up is looked at once more, turned upright."""

OFF_CENTRE_MAX = 0.15
"""The face of a close-up is in its middle, within this share of its side."""


class Yunet:
    """YuNet (Wu, Peng & Yu 2023), through OpenCV.

    At the scale of a frame its landmarks are drawn towards an upright face: heads tilted by 30° come out at
    9°, and then their yaw is wrong as well (a frontal face at -30°). In a close-up, turned upright where
    need be, they come out at 33°, and within 0.03 of the box (before: 0.12). So each face's landmarks are
    taken from a close-up, at 3 ms each on the machine where a frame of 480×270 takes 5 ms.

    Args:
        model: bytes of the ONNX file.
        score_min: least score of a detection.
        side_max_px: larger frames are shrunk to this long side for the first look.
        closeups_max: the largest faces of a frame, so many, get a close-up.

    Raises:
        DetectorUnusable: OpenCV cannot read the model.
    """

    name = "yunet-2023mar"

    def __init__(self, model: bytes, score_min: float, side_max_px: int, closeups_max: int) -> None:
        self._side_max_px = side_max_px
        self._closeups_max = closeups_max
        self._frame_net = _Net(model, score_min)
        self._closeup_net = _Net(model, score_min)  # of its own, as a change of size costs

    def detect(self, image: Image) -> list[Detection]:
        """See ``Detector``; the largest face comes first."""
        small, shrunk = shrink(image, self._side_max_px)
        rows = self._frame_net.find(small)
        rows[:, :14] *= shrunk
        found = [
            Detection(
                box=(float(row[0]), float(row[1]), float(row[2]), float(row[3])),
                score=min(1.0, float(row[14])),
                landmarks=row[4:14].reshape(5, 2),
            )
            for row in rows
        ]
        found.sort(key=lambda detection: detection.box[2] * detection.box[3], reverse=True)
        near = found[: self._closeups_max]
        return [self._look_closer(image, detection) for detection in near] + found[len(near) :]

    def _look_closer(self, image: Image, detection: Detection) -> Detection:
        """The same face with better landmarks, or as it was where the close-up does not show it."""
        if detection.box[3] < CLOSEUP_FACE_MIN_PX:
            return detection
        upright = self._closeup(image, detection, 0.0)
        if upright is None:
            return detection
        roll = roll_rad(upright)
        turned = self._closeup(image, detection, roll) if abs(roll) > TURN_AGAIN_RAD else None
        return Detection(detection.box, detection.score, upright if turned is None else turned)

    def _closeup(self, image: Image, detection: Detection, turn_rad: float) -> npt.NDArray[np.float32] | None:
        """Landmarks in the frame, float32 (5, 2), as seen in a close-up turned by ``turn_rad``."""
        x, y, width, height = detection.box
        scale = CLOSEUP_SIDE_PX / (CLOSEUP_COVERS * height)
        cos, sin = scale * math.cos(turn_rad), scale * math.sin(turn_rad)
        turn = np.array([(cos, -sin), (sin, cos)])
        middle = CLOSEUP_SIDE_PX / 2
        shift = middle - turn @ (x + width / 2, y + height / 2)
        closeup = cv2.warpAffine(
            image,
            np.column_stack((turn, shift)),
            (CLOSEUP_SIDE_PX, CLOSEUP_SIDE_PX),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        rows = self._closeup_net.find(np.asarray(closeup, np.uint8))
        if not len(rows):
            return None
        off = np.hypot(rows[:, 0] + rows[:, 2] / 2 - middle, rows[:, 1] + rows[:, 3] / 2 - middle)
        nearest = int(off.argmin())
        if off[nearest] > OFF_CENTRE_MAX * CLOSEUP_SIDE_PX:
            return None
        points = rows[nearest, 4:14].reshape(5, 2).astype(np.float64)
        return np.asarray((points - shift) @ np.linalg.inv(turn).T, np.float32)


class _Net:
    """OpenCV's YuNet; its input size follows the image."""

    def __init__(self, model: bytes, score_min: float) -> None:
        self._size = (0, 0)
        empty = np.zeros(0, np.uint8)
        try:
            self._net = cv2.FaceDetectorYN.create(
                "onnx",
                np.frombuffer(model, np.uint8),
                empty,
                (CLOSEUP_SIDE_PX, CLOSEUP_SIDE_PX),
                score_min,
                NMS_IOU,
                CANDIDATES_MAX,
            )
        except cv2.error as error:
            raise DetectorUnusable(f"OpenCV cannot read the YuNet model: {error.err}") from None

    def find(self, image: Image) -> npt.NDArray[np.float32]:
        """float32 (n, 15): box (4), landmarks (10) and score of each face, in pixels of the image."""
        size = (image.shape[1], image.shape[0])
        if size != self._size:
            self._net.setInputSize(size)
            self._size = size
        rows: npt.NDArray[np.float32] | None = self._net.detect(image)[1]  # type: ignore[assignment]
        # None is OpenCV's way to say that there is no face, which its types do not know
        return np.zeros((0, 15), np.float32) if rows is None else rows
