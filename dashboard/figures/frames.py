"""The newest classified frames, as the log holds them."""

from typing import Any, Final

from contract import keys
from contract.codec import Refused, decode
from contract.events import FrameEmotions
from runtime.redis import Client

ENTRIES: Final = 300
"""So many entries of a partition are looked through: some seconds of all its cameras."""

_EMOTIONS: Final = b"emotions"


def read_newest_frames(client: Client, camera: str) -> list[FrameEmotions]:
    """The newest classified frames of ``site/camera``, newest first; one round trip."""
    entries: Any = client.xrevrange(keys.stream(keys.partition_of(camera)), count=ENTRIES)
    frames = []
    for _, fields in entries:
        if _EMOTIONS in fields:
            try:
                frame = decode(fields[_EMOTIONS], FrameEmotions)
            except Refused:
                continue  # of another version: the aggregator counts it
            if frame.camera == camera:
                frames.append(frame)
    return frames
