"""The demo as people start it: with this machine's servers, and with those of the wheels."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from urllib.request import urlopen

import pytest
import redis

from contract.windows import Resolution
from runtime.windows import read_windows
from tests.support.events import utc_ms
from tests.support.services import Process, eventually, executable, free_port, program

CLASSROOM = "classroom.gif"


Demo = Callable[..., Process]


@pytest.fixture
def demo(shared: Path, tmp_path: Path) -> Iterator[Demo]:
    """Starts the demo on a clip of four people; its temporary files lie within the test's folder."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {
        "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx"),
        "TMPDIR": str(temporary),
    }
    clip = str(shared / "data/videos" / CLASSROOM)
    started: list[Process] = []

    def start(*arguments: str, page: bool = False) -> Process:
        head = [] if page else ["--headless"]
        command = [*head, "--source", clip, *arguments]
        started.append(program("demo", command, tmp_path / "demo.log", environment).start())
        return started[-1]

    yield start
    for process in started:
        if process.is_running():
            process.kill()  # its children end with it


def family(pid: int) -> list[int]:
    """All processes that descend from one."""
    told = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in told.stdout.splitlines()]
    found = [pid]
    for ancestor in found:
        found += [
            int(child)
            for child, parent, state in rows
            if int(parent) == ancestor and not state.startswith("Z")
        ]
    return found[1:]


def all_of(process: Process) -> list[int]:
    """The demo's whole family, once it is complete: five programs, each held by another."""
    return eventually(lambda: found if len(found := family(process.pid)) >= 10 else None, what="ten")


def redis_port(process: Process) -> int:
    """Where the demo's Redis listens: it is among the arguments of whoever holds it."""
    told = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
    ours = {str(pid) for pid in family(process.pid)}
    rows = [line.split() for line in told.stdout.splitlines()]
    [port] = [
        words[words.index("--port") + 1]
        for words in rows
        if words[0] in ours and "demo.child" in words and "--appendonly" in words
    ]
    return int(port)


def frames_counted(client: redis.Redis) -> int:
    now_ms = utc_ms()
    windows = read_windows(
        client, "demo/entrance", Resolution.TEN_SECONDS, now_ms - 600_000, now_ms + 60_000, UTC
    )
    return int(windows.column("frames").sum())


def alive(pids: list[int]) -> list[int]:
    told = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in told.stdout.splitlines()]
    return [int(pid) for pid, state in rows if int(pid) in pids and not state.startswith("Z")]


@pytest.mark.parametrize("servers", ["own", "embedded"])
def test_faces_of_a_clip_are_counted_and_nothing_is_left(servers: str, demo: Demo, tmp_path: Path) -> None:
    if servers == "own":
        executable("mosquitto")
        executable("redis-server")
    report = tmp_path / "report.json"
    choice = ["--embedded"] if servers == "embedded" else []
    process = demo("--report", str(report), *choice)
    eventually(lambda: "MoodLens is up" in process.output, 120, "the demo")
    children = all_of(process)
    with redis.Redis(port=redis_port(process)) as client:
        eventually(lambda: frames_counted(client) >= 30, 120, "thirty frames")
    process.signal(signal.SIGTERM)
    assert process.wait(120) == 0, process.output

    # a camera on a slow machine may be waited for, which is said
    lines = [
        line for line in process.output.splitlines() if "still waiting for the first picture" not in line
    ]
    assert len(lines) == 3, lines
    assert lines[1] == f"camera demo/entrance: {CLASSROOM}, again and again"
    assert ("iotcore" in lines[2] and "embedded valkey-server" in lines[2]) == (servers == "embedded")

    counted = json.loads(report.read_text())["cameras"]["demo/entrance"]
    assert counted["frames"] >= 30
    assert 3.5 <= counted["face_frames"] / counted["frames"] <= 4.5
    assert counted["dropped"] == counted["refused"] == 0
    assert counted["published"] == counted["frames"]
    eventually(lambda: not alive(children), what="the children's end")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_kill_9_leaves_no_process_and_no_file(demo: Demo, tmp_path: Path) -> None:
    process = demo("--embedded")
    eventually(lambda: "MoodLens is up" in process.output, 120, "the demo")
    children = all_of(process)
    process.kill()
    eventually(lambda: not alive(children), what="the children's end")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_signal_ends_it_and_a_dead_worker_is_replaced(demo: Demo) -> None:
    process = demo()
    eventually(lambda: "MoodLens is up" in process.output, 120, "the demo")
    worker = eventually(lambda: pid_of(process, "classifier_worker"), what="the worker")
    subprocess.run(["kill", "-9", str(worker)], check=True)
    news = "worker has ended: ended by SIGKILL; starting it again"
    eventually(lambda: news in process.output, what="the news")
    eventually(lambda: pid_of(process, "classifier_worker") not in (0, worker), what="another worker")
    children = family(process.pid)
    process.signal(signal.SIGINT)
    assert process.wait() == 0, process.output
    eventually(lambda: not alive(children), what="the children's end")


def test_the_url_it_says_is_the_dashboards(demo: Demo) -> None:
    port = free_port()
    process = demo("--port", str(port), "--embedded", page=True)
    eventually(lambda: "MoodLens is up" in process.output, 120, "the demo")
    assert f"MoodLens is up: http://127.0.0.1:{port} " in process.output
    assert f"with a label on each face: http://127.0.0.1:{port}/live " in process.output
    with urlopen(f"http://127.0.0.1:{port}/", timeout=60) as page:
        assert b"<html" in page.read()
    children = family(process.pid)
    process.signal(signal.SIGTERM)
    assert process.wait() == 0, process.output
    eventually(lambda: not alive(children), what="the children's end")


def pid_of(process: Process, module: str) -> int:
    """The process among the demo's that runs a module, or 0."""
    told = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
    ours = family(process.pid)
    rows = [line.split(maxsplit=1) for line in told.stdout.splitlines()]
    found = [
        int(pid)
        for pid, arguments in rows
        if int(pid) in ours and arguments.endswith(f"-m {module}") and "demo.child" not in arguments
    ]
    return found[0] if found else 0
