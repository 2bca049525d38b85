"""What broker and Redis do here without us: yardsticks for the same run."""

import re
import subprocess
import time
from typing import Any, Final

from bench.errors import BenchError
from bench.faces import crops_frame, draw_crops
from bench.rig import Rig, find_program
from contract.codec import encode

MESSAGES: Final = 20_000
ENTRIES: Final = 200_000
ENTRY_BYTES: Final = 1_000
PIPELINE: Final = 100
WITHIN_S: Final = 120.0


def measure_limits() -> dict[str, Any]:
    """Messages a second, QoS 1, from a C client through the broker to another; XADDs a second, pipelined.

    Where the programs for it are not installed, the figure is None.
    """
    with Rig() as rig:
        return {"mqtt_messages_per_s": _measure_mqtt(rig), "redis_xadd_per_s": _measure_redis(rig)}


def _measure_mqtt(rig: Rig) -> int | None:
    try:
        publish, subscribe = find_program("mosquitto_pub"), find_program("mosquitto_sub")
    except BenchError:
        return None
    size = len(encode(crops_frame("bench/camera-0", "0" * 16, 0, 0, 0, draw_crops())))
    where = ["-h", rig.mqtt.host, "-p", str(rig.mqtt.port), "-V", "5", "-t", "bench", "-q", "1"]
    session = ["-i", "bench", "-c", "-x", str(round(WITHIN_S))]
    # subscribes and leaves: from then on the broker keeps for the session what it cannot deliver yet
    subprocess.run([subscribe, *where, *session, "-E"], check=True, timeout=WITHIN_S)  # noqa: S603
    count = ["-C", str(MESSAGES), "-W", str(round(WITHIN_S))]
    subscriber = subprocess.Popen([subscribe, *where, *session, *count], stdout=subprocess.DEVNULL)  # noqa: S603
    began_s = time.monotonic()
    lines = b"\n".join([b"x" * size] * MESSAGES)
    subprocess.run([publish, *where, "-l"], input=lines, check=True, timeout=WITHIN_S)  # noqa: S603
    subscriber.wait(WITHIN_S)
    return round(MESSAGES / (time.monotonic() - began_s))


def _measure_redis(rig: Rig) -> int | None:
    try:
        program = find_program("redis-benchmark")
    except BenchError:
        return None
    where = ["-p", rig.redis_url.rpartition(":")[2].partition("/")[0]]
    command = ["XADD", "bench", "*", "emotions", "x" * ENTRY_BYTES]
    size = ["-n", str(ENTRIES), "-P", str(PIPELINE), "-q"]
    told = subprocess.run(  # noqa: S603
        [program, *where, *size, *command], capture_output=True, text=True, check=True, timeout=WITHIN_S
    ).stdout
    rates = re.findall(r"([\d.]+) requests per second", told)
    if not rates:
        raise BenchError(f"redis-benchmark says no rate: {told[-200:]}")
    return round(float(rates[-1]))
