"""``python -m bench.load``: cameras that publish at a steady rate, each over a connection of its own.

Its last line of output is JSON: what was sent, and how late it was sent at worst.
"""

import argparse
import asyncio
import json
import logging
import random
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from gmqtt import Client

from bench.faces import crops_frame, draw_crops, report
from contract.codec import encode
from contract.events import CROP_LIFETIME_S
from contract.topics import Suffix, topic
from contract.windows import GRAIN_MS
from runtime.arguments import read_port

REPORT_LIFETIME_S = 3540
CONNECTING = 50
"""Connections opened at a time."""

DRAIN_S = 5.0


@dataclass
class Sent:
    """What all cameras together have sent."""

    frames: int = 0
    reports: int = 0
    late_max_s: float = 0.0


class SimulatedCamera:
    """One camera: frames on a grid, and a report for each 10 s of UTC.

    Args:
        number: of it.
        crops: faces to show.
        sent: to be counted in.
    """

    def __init__(self, number: int, crops: Sequence[bytes], sent: Sent) -> None:
        self._name = f"bench/camera-{number}"
        self._session = secrets.token_hex(8)
        self._crops = crops
        self._sent = sent
        self._client = Client(f"camera.bench.{number}")

    async def connect(self, host: str, port: int) -> None:
        """Opens the connection."""
        await self._client.connect(host, port, keepalive=60)

    async def run(self, fps: float, first_s: float, until_s: float) -> None:
        """Publishes from a monotonic time on, until another."""
        from_ms = _now_ms()
        number = seq = told = 0
        due_s = first_s
        while due_s < until_s:
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            self._sent.late_max_s = max(self._sent.late_max_s, time.monotonic() - due_s)
            at_ms = _now_ms()
            while at_ms // GRAIN_MS > from_ms // GRAIN_MS:
                to_ms = (from_ms // GRAIN_MS + 1) * GRAIN_MS
                self._report(seq, (from_ms, to_ms), number - told, fps)
                from_ms, seq, told = to_ms, seq + 1, number
            frame = crops_frame(self._name, self._session, number, at_ms, round(1000 / fps), self._crops)
            self._publish(Suffix.FACES, encode(frame), CROP_LIFETIME_S)
            self._sent.frames += 1
            number += 1
            due_s += 1 / fps
        self._report(
            seq,
            (from_ms, max(from_ms + 1, min(_now_ms() + 1, (from_ms // GRAIN_MS + 1) * GRAIN_MS))),
            number - told,
            fps,
        )

    async def close(self) -> None:
        """Says goodbye."""
        await self._client.disconnect()

    def _report(self, seq: int, span_ms: tuple[int, int], frames: int, fps: float) -> None:
        told = report(self._name, self._session, seq, span_ms, frames, fps)
        self._publish(Suffix.REPORTS, encode(told), REPORT_LIFETIME_S)
        self._sent.reports += 1

    def _publish(self, suffix: Suffix, payload: bytes, expiry_s: int) -> None:
        self._client.publish(topic(self._name, suffix), payload, qos=1, message_expiry_interval=expiry_s)


async def run_load(host: str, port: int, cameras: int, frames_per_s: float, seconds: float) -> Sent:
    """Runs all cameras; the rate is that of all together."""
    sent = Sent()
    crops = draw_crops()
    fleet = [SimulatedCamera(number, crops, sent) for number in range(cameras)]
    for begin in range(0, cameras, CONNECTING):
        await asyncio.gather(*(camera.connect(host, port) for camera in fleet[begin : begin + CONNECTING]))
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    fps = frames_per_s / cameras
    began_s = time.monotonic()
    spread = random.Random(1)  # noqa: S311  (no secret)
    await asyncio.gather(
        *(camera.run(fps, began_s + spread.random() / fps, began_s + seconds) for camera in fleet)
    )
    await asyncio.sleep(DRAIN_S)
    await asyncio.gather(*(camera.close() for camera in fleet))
    return sent


def main() -> None:
    """Reads arguments and publishes."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description="Simulated cameras.")
    parser.add_argument("--host", default="127.0.0.1", help="of the broker (default: %(default)s)")
    parser.add_argument("--port", type=read_port, metavar="N", required=True, help="of the broker")
    parser.add_argument("--cameras", type=int, metavar="N", required=True, help="how many publish")
    parser.add_argument(
        "--frames-per-s", type=float, metavar="X", required=True, help="of all cameras together"
    )
    parser.add_argument("--seconds", type=float, metavar="X", required=True, help="how long they publish")
    given = parser.parse_args()
    logging.getLogger("gmqtt").setLevel(logging.ERROR)
    sent = asyncio.run(run_load(given.host, given.port, given.cameras, given.frames_per_s, given.seconds))
    sys.stdout.write(json.dumps(sent.__dict__) + "\n")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
