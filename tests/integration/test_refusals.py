"""Garbage on the cameras' topics: refused, counted by reason, and no harm to what is good."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import keys
from contract.codec import CLOCK_AHEAD_MAX_MS, CLOCK_BEHIND_MAX_MS, PAYLOAD_MAX_BYTES, Reason, encode
from contract.events import FrameFaces
from contract.topics import Suffix, topic
from contract.windows import Resolution
from runtime.windows import read_windows
from tests.support.events import CAMERA, camera_report, frame_faces, utc_ms
from tests.support.mqtt import publisher
from tests.support.services import Mosquitto, RedisServer, eventually, program

ROUNDS = 100
WHOLE = encode(frame_faces(0))


@dataclass(frozen=True)
class Garbage:
    """A kind of bad payload: made from drawn values, on a topic, to be refused for a reason."""

    suffix: Suffix
    drawn: st.SearchStrategy[Any]
    payload: Callable[[Any], bytes]
    reason: Reason


def faces_with(field: str, value: object) -> bytes:
    raw = msgspec.msgpack.decode(encode(frame_faces(0)))
    raw[FrameFaces.__struct_fields__.index(field)] = value
    return msgspec.msgpack.encode(raw)


def box_with(value: float) -> bytes:
    raw = msgspec.msgpack.decode(encode(frame_faces(0)))
    raw[6][0][2][1] = value
    return msgspec.msgpack.encode(raw)


def report_ending(ahead_ms: int) -> bytes:
    at_ms = utc_ms() + ahead_ms
    return encode(camera_report(from_ms=at_ms, to_ms=at_ms))


NOT_A_NUMBER = st.sampled_from([float("nan"), float("inf"), float("-inf")])
WRONG_TYPES = st.none() | st.text() | st.floats(0.1, 0.9) | st.integers(max_value=-1, min_value=-(2**60))
FAR = st.integers(60_000, 10**9)

KINDS = {
    "random bytes": Garbage(
        Suffix.FACES,
        st.binary(max_size=300),
        lambda drawn: b"\xc1" + drawn,  # 0xc1 begins nothing in msgpack
        Reason.MALFORMED,
    ),
    "truncated": Garbage(
        Suffix.FACES, st.integers(1, len(WHOLE) - 1), lambda length: WHOLE[:length], Reason.MALFORMED
    ),
    "too large": Garbage(
        Suffix.FACES, st.integers(1, 9999), lambda more: bytes(PAYLOAD_MAX_BYTES + more), Reason.TOO_LARGE
    ),
    "not a number": Garbage(Suffix.FACES, NOT_A_NUMBER, box_with, Reason.NOT_A_NUMBER),
    "out of bounds": Garbage(Suffix.FACES, st.floats(1.001, 1e300), box_with, Reason.OUT_OF_BOUNDS),
    "wrong type": Garbage(
        Suffix.FACES, WRONG_TYPES, lambda value: faces_with("frame", value), Reason.OUT_OF_BOUNDS
    ),
    "another schema": Garbage(
        Suffix.FACES, st.integers(2, 10**6), lambda n: faces_with("schema", n), Reason.UNKNOWN_SCHEMA
    ),
    "another camera": Garbage(
        Suffix.FACES,
        st.from_regex(r"shop-[2-9][0-9]{0,9}/[a-z]{1,9}", fullmatch=True),
        lambda name: faces_with("camera", name),
        Reason.OTHER_CAMERA,
    ),
    "clock behind": Garbage(
        Suffix.FACES,
        FAR,
        lambda ms: faces_with("captured_at_ms", utc_ms() - CLOCK_BEHIND_MAX_MS - ms),
        Reason.CLOCK_BEHIND,
    ),
    "clock ahead": Garbage(
        Suffix.REPORTS, FAR, lambda ms: report_ending(CLOCK_AHEAD_MAX_MS + ms), Reason.CLOCK_AHEAD
    ),
}


def test_a_thousand_bad_payloads_are_refused_by_reason_and_the_good_ones_counted(
    mosquitto: Mosquitto, redis_server: RedisServer, redis_client: redis.Redis, tmp_path: Path
) -> None:
    environment = {**mosquitto.environment, **redis_server.environment}
    worker = program("classifier_worker", [], tmp_path / "worker.log", environment).start()
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", environment).start()
    sent: Counter[str] = Counter()
    good = 0

    with publisher(mosquitto) as camera:
        eventually(lambda: "takes messages" in worker.output, what="the worker")

        @given(drawn=st.fixed_dictionaries({name: kind.drawn for name, kind in KINDS.items()}))
        @settings(max_examples=ROUNDS)
        def send_a_round(drawn: dict[str, Any]) -> None:
            nonlocal good
            for name, kind in KINDS.items():
                camera.publish_raw(topic(CAMERA, kind.suffix), kind.payload(drawn[name]))
                sent[kind.reason] += 1
            camera.publish(frame_faces(good), Suffix.FACES)
            good += 1

        send_a_round()
        camera.publish_raw("moodlens/v1/Shop 1/entrance/faces", WHOLE)
        sent[Reason.UNKNOWN_TOPIC] += 1

        def refused() -> dict[str, int]:
            counts: Any = redis_client.hgetall(keys.REJECTED_COUNTS)
            return {reason.decode(): int(count) for reason, count in counts.items()}

        eventually(lambda: refused() == sent, what="all refusals")
        assert sent.total() >= 1000

        def rows() -> Counter[str]:
            windows = read_windows(
                redis_client, CAMERA, Resolution.MINUTE, utc_ms() - 600_000, utc_ms() + 60_000, UTC
            )
            return Counter({name: int(windows.column(name).sum()) for name in ("frames", "refused")})

        eventually(lambda: rows()["frames"] == good, what="the good frames")
        assert rows()["refused"] == sent.total() - 1, "all but the one whose camera has no valid name"

    assert worker.is_running()
    assert "Traceback" not in worker.output + aggregator.output
    described: Any = redis_client.xrange(keys.REJECTED)
    assert described
    assert all(set(fields) == {b"topic", b"reason", b"detail"} for _, fields in described)
    assert worker.stop() == 0
    assert aggregator.stop() == 0
