from itertools import count

from contract import keys
from contract.codec import encode
from contract.events import CameraReport, FrameEmotions
from dashboard.figures.frames import ENTRIES, read_newest_frames
from runtime.redis import Client
from tests.support.events import CAMERA, camera_report, frame_emotions

AT_MS = 1_700_000_000_000
PARTITION = keys.partition_of(CAMERA)
NEIGHBOUR = next(name for n in count() if keys.partition_of(name := f"shop-1/camera-{n}") == PARTITION)


def log(client: Client, event: FrameEmotions | CameraReport) -> None:
    kind = "emotions" if isinstance(event, FrameEmotions) else "report"
    client.xadd(keys.stream(PARTITION), {kind: encode(event)})


def test_a_cameras_frames_come_newest_first_and_nothing_else_does(any_redis: Client) -> None:
    for number in range(3):
        log(any_redis, frame_emotions(number, captured_at_ms=AT_MS))
        log(any_redis, frame_emotions(number, captured_at_ms=AT_MS, camera=NEIGHBOUR))
        log(any_redis, camera_report(number, from_ms=AT_MS, to_ms=AT_MS + 10_000))
    any_redis.xadd(keys.stream(PARTITION), {"emotions": b'{"schema": 2}'})
    assert [frame.frame for frame in read_newest_frames(any_redis, CAMERA)] == [2, 1, 0]


def test_only_the_newest_entries_are_looked_through(any_redis: Client) -> None:
    log(any_redis, frame_emotions(7, captured_at_ms=AT_MS))
    for number in range(ENTRIES):
        log(any_redis, frame_emotions(number, captured_at_ms=AT_MS, camera=NEIGHBOUR))
    assert read_newest_frames(any_redis, CAMERA) == []


def test_of_a_camera_without_frames_there_are_none(any_redis: Client) -> None:
    assert read_newest_frames(any_redis, CAMERA) == []
