"""The demo as people start it: with this machine's servers, and with those of the wheels."""

import json
import signal
import subprocess
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.services import Process, eventually, executable, free_port, program

CLASSROOM = "classroom.gif"


def demo(shared: Path, folder: Path, *arguments: str, page: bool = False) -> Process:
    """The demo on a clip of four people; its temporary files lie within ``folder``."""
    temporary = folder / "tmp"
    temporary.mkdir()
    environment = {
        "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx"),
        "TMPDIR": str(temporary),
    }
    clip = str(shared / "data/videos" / CLASSROOM)
    head = [] if page else ["--headless"]
    return program("demo", [*head, "--source", clip, *arguments], folder / "demo.log", environment).start()


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


def alive(pids: list[int]) -> list[int]:
    told = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in told.stdout.splitlines()]
    return [int(pid) for pid, state in rows if int(pid) in pids and not state.startswith("Z")]


@pytest.mark.parametrize("servers", ["own", "embedded"])
def test_faces_of_a_clip_are_counted_and_nothing_is_left(servers: str, shared: Path, tmp_path: Path) -> None:
    if servers == "own":
        executable("mosquitto")
        executable("redis-server")
    report = tmp_path / "report.json"
    choice = ["--embedded"] if servers == "embedded" else []
    process = demo(shared, tmp_path, "--seconds", "11", "--report", str(report), *choice)
    eventually(lambda: "MoodLens is up" in process.output, 60, "the demo")
    children = family(process.pid)
    assert len(children) >= 10  # five programs, each held by another
    assert process.wait(40) == 0, process.output

    lines = process.output.splitlines()
    assert len(lines) == 3, lines
    assert lines[1] == f"camera demo/entrance: {CLASSROOM}, again and again"
    assert ("iotcore" in lines[2] and "embedded valkey-server" in lines[2]) == (servers == "embedded")

    counted = json.loads(report.read_text())["cameras"]["demo/entrance"]
    assert counted["frames"] >= 30
    assert 3.5 <= counted["face_frames"] / counted["frames"] <= 4.5
    assert counted["dropped"] == counted["refused"] == 0
    assert counted["published"] == counted["frames"]
    assert alive(children) == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_kill_9_leaves_no_process_and_no_file(shared: Path, tmp_path: Path) -> None:
    process = demo(shared, tmp_path, "--embedded")
    eventually(lambda: "MoodLens is up" in process.output, 60, "the demo")
    children = family(process.pid)
    assert len(children) >= 10
    process.kill()
    eventually(lambda: not alive(children), 10, "the children's end")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_signal_ends_it_and_a_dead_worker_is_replaced(shared: Path, tmp_path: Path) -> None:
    process = demo(shared, tmp_path)
    eventually(lambda: "MoodLens is up" in process.output, 60, "the demo")
    worker = pid_of(process, "classifier_worker")
    subprocess.run(["kill", "-9", str(worker)], check=True)
    eventually(
        lambda: "worker has ended: ended by SIGKILL; starting it again" in process.output, 10, "the news"
    )
    eventually(lambda: pid_of(process, "classifier_worker") not in (0, worker), 10, "another worker")
    children = family(process.pid)
    process.signal(signal.SIGINT)
    assert process.wait(10) == 0, process.output
    assert alive(children) == []


def test_the_url_it_says_is_the_dashboards(shared: Path, tmp_path: Path) -> None:
    port = free_port()
    process = demo(shared, tmp_path, "--port", str(port), "--embedded", page=True)
    eventually(lambda: "MoodLens is up" in process.output, 60, "the demo")
    assert f"MoodLens is up: http://127.0.0.1:{port} " in process.output
    assert f"with a label on each face: http://127.0.0.1:{port}/live " in process.output
    with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
        assert b"<html" in page.read()
    children = family(process.pid)
    process.signal(signal.SIGTERM)
    assert process.wait(10) == 0, process.output
    assert alive(children) == []


def pid_of(process: Process, module: str) -> int:
    """The process among the demo's that runs a module, or 0."""
    told = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
    ours = family(process.pid)
    rows = [line.split(maxsplit=1) for line in told.stdout.splitlines()]
    found = [
        int(pid)
        for pid, arguments in rows
        if int(pid) in ours and arguments.endswith(f"-m {module}") and "demo.child" not in arguments
    ]
    return found[0] if found else 0
