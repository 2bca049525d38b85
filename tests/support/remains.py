"""What is left of crops and previews: in the broker's store, and in folders."""

import re
from dataclasses import dataclass
from pathlib import Path

from contract.events import CROP_BYTES

_UINT = rb"(?:[\x00-\x7f]|\xcc.|\xcd..|\xce.{4}|\xcf.{8})"
_NAME = rb"[\xa1-\xbf\xd9].[a-z0-9/-]{2,127}"
_SINCE_1970 = rb"\xcf(?P<at>\x00\x00.{6})"
_FRAME_FACES = re.compile(
    rb"\x97\x01" + _NAME + rb"\xb0[0-9a-f]{16}" + _UINT + _SINCE_1970 + _UINT + rb"[\x91-\x9f\xdc]", re.DOTALL
)
"""The head of a ``FrameFaces`` up to its list of faces, as msgpack: schema, camera, session, frame, times."""

_PREVIEW = re.compile(
    rb"\x96\x01" + _NAME + rb"\xb0[0-9a-f]{16}" + _UINT + _SINCE_1970 + rb"[\xc4\xc5\xc6]", re.DOTALL
)
_CROP = re.compile(rb"\xcb.{8}[\xc0\xc2\xc3]\xc5" + CROP_BYTES.to_bytes(2, "big"), re.DOTALL)
_JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"


@dataclass(frozen=True, slots=True)
class Stored:
    """Pictures among some bytes.

    Attributes:
        taken_ms: when each frame or preview was taken, UTC.
        crops: how many crops there are.
        jpegs: how many JPEGs.
    """

    taken_ms: tuple[int, ...] = ()
    crops: int = 0
    jpegs: int = 0


def stored(raw: bytes) -> Stored:
    """What messages of cameras lie somewhere in ``raw``, as it is on the wire."""
    heads = [*_FRAME_FACES.finditer(raw), *_PREVIEW.finditer(raw)]
    taken = tuple(int.from_bytes(head["at"], "big") for head in heads)
    return Stored(taken, len(_CROP.findall(raw)), raw.count(_JPEG))


def stored_by_broker(folder: Path) -> Stored:
    """What lies in the broker's store, and in one that it is just writing."""
    raw = []
    for file in folder.glob("mosquitto.db*"):
        try:
            raw.append(file.read_bytes())
        except FileNotFoundError:  # it has just replaced the other
            continue
    return stored(b"\0".join(raw))


def files_of(*folders: Path) -> set[Path]:
    """All files below folders."""
    return {path for folder in folders for path in folder.rglob("*") if path.is_file()}
