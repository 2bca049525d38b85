"""What was really to be seen before a scripted camera: written by it, read by whoever judges the system."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from demo.errors import TruthUnreadable
from demo.motion import HEIGHT, WIDTH
from demo.scene import TrueFace
from producer.framing import FRONTAL_YAW_MAX_DEG

IN_VIEW_MIN: Final = 0.8
COVERED_MAX: Final = 0.35
"""A face counts as seen with at least this share of it in the picture and at most this one hidden."""

SETTLED_MIN: Final = 0.95
"""Share from which on an expression is shown, and no morph into it."""


class ScriptedFace(Struct, frozen=True, array_like=True):
    """A face in one picture.

    Attributes:
        shopper: number of the appearance.
        seed: who it is.
        box: x, y, width, height of the face's square, as fractions of the picture.
        mixture: shares of the expressions, in the order of ``LABELS``.
        seen: whether it is enough in the picture and free.
        frontal: whether it is turned by no more than what counts as frontal.
    """

    shopper: int
    seed: int
    box: tuple[float, float, float, float]
    mixture: tuple[float, ...]
    seen: bool
    frontal: bool


class ScriptedFrame(Struct, frozen=True, array_like=True):
    """A picture, or a moment without one.

    Attributes:
        at_ms: capture time, UTC.
        script_ms: the same since the story's start.
        dark: whether the camera gave no picture.
        faces: of all who are before it.
    """

    at_ms: int
    script_ms: float
    dark: bool
    faces: tuple[ScriptedFace, ...] = ()


class TruthLog:
    """Writes the truth about a camera, a line of JSON a picture.

    Args:
        file: to append to.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.open("ab", buffering=0)

    def write(self, at_ms: int, script_ms: float, faces: Iterable[TrueFace] | None) -> None:
        """A picture and whose faces are in it; None: the camera is dark."""
        told = tuple(_tell(face) for face in faces or ())
        self._file.write(msgspec.json.encode(ScriptedFrame(at_ms, script_ms, faces is None, told)) + b"\n")

    def close(self) -> None:
        """Ends the file."""
        self._file.close()


def truth_file(folder: Path, camera: str) -> Path:
    """Where the truth about ``site/camera`` lies."""
    return folder / f"{camera.replace('/', '.')}.jsonl"


def read_truth(folder: Path, camera: str) -> list[ScriptedFrame]:
    """All that was written of a camera, in the order of time.

    Raises:
        TruthUnreadable: there is no such file, or it is damaged before its last line.
    """
    file = truth_file(folder, camera)
    try:
        lines = file.read_bytes().splitlines(keepends=True)
        # the last line may be cut off where the camera was killed
        return msgspec.json.decode(
            b"[" + b",".join(line for line in lines if line.endswith(b"\n")) + b"]", type=list[ScriptedFrame]
        )
    except (OSError, msgspec.DecodeError) as error:
        raise TruthUnreadable(f"no truth about {camera}: {error}") from None


def _tell(face: TrueFace) -> ScriptedFace:
    pose = face.pose
    left, top = pose.x - pose.side_px / 2, pose.y - pose.side_px / 2
    return ScriptedFace(
        shopper=face.shopper,
        seed=face.seed,
        box=(left / WIDTH, top / HEIGHT, pose.side_px / WIDTH, pose.side_px / HEIGHT),
        mixture=tuple(pose.mixture.tolist()),
        seen=face.in_view >= IN_VIEW_MIN and face.covered <= COVERED_MAX,
        frontal=abs(pose.yaw_deg) <= FRONTAL_YAW_MAX_DEG,
    )
