"""The arithmetic of the measurements, and one small measurement of the whole system."""

import json
import math
import sys
from pathlib import Path

import cv2
import pytest

from bench.__main__ import main
from bench.dashboard import measure_dashboard
from bench.errors import BenchError
from bench.page import write_page
from bench.rig import wait_for
from bench.system import Load, measure_system, quantile
from bench.video import FPS, SECONDS, write_video
from bench.worker import measure_worker
from contract.events import CROP_LIFETIME_S
from tests.support.services import executable

BUCKETS = [(0.1, 50.0), (0.2, 90.0), (0.4, 100.0), (math.inf, 100.0)]


def test_a_quantile_lies_within_its_bucket() -> None:
    assert quantile(BUCKETS, 0.5) == 0.1
    assert quantile(BUCKETS, 0.7) == 0.15
    assert quantile(BUCKETS, 0.99) == 0.38


def test_nothing_counted_has_no_quantile_and_what_lies_beyond_has_the_last_edge() -> None:
    assert quantile([(0.1, 0.0), (math.inf, 0.0)], 0.5) is None
    assert quantile([(0.1, 0.0), (0.2, 0.0), (math.inf, 5.0)], 0.5) == 0.2


def test_figures_of_two_machines_never_stand_in_one_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = json.dumps({"machine": {"processor": "of another"}, "model": {"faces_per_s": 1}})
    (tmp_path / "core.json").write_text(before)
    monkeypatch.setattr(sys, "argv", ["bench", "model", "--out", str(tmp_path)])
    with pytest.raises(BenchError, match=r"core\.json has figures of another machine.*give another --out"):
        main()
    assert (tmp_path / "core.json").read_text() == before


def test_what_never_comes_is_one_line() -> None:
    with pytest.raises(BenchError, match="waited 0 s for the moon"):
        wait_for(lambda: False, 0.05, "the moon")


def test_a_small_load_is_accounted_for_to_the_frame_and_makes_a_page(tmp_path: Path) -> None:
    for server in ("mosquitto", "redis-server"):
        executable(server)
    run = measure_system(Load(cameras=2, faces_per_s=40, seconds=3))
    frames = run["frames"]
    assert 25 <= frames["sent"] <= 35
    assert frames["served"] + frames["shed"] == frames["sent"]  # a busy machine may shed some
    assert frames["served"] > 0
    assert frames["refused"] == frames["expired"] == 0
    assert 0 < run["latency_s"]["p50"] <= run["latency_s"]["p99"]
    assert set(run["memory_peak_mb"]) == {"mosquitto", "redis", "worker-0", "aggregator", "cameras"}
    assert run["cpu_us_per_face"] > 0

    known = dict.fromkeys(("processor", "cores", "memory_gb", "system", "python", "litert"), "?")
    page = tmp_path / "core.md"
    write_page(page, json.loads(json.dumps({"machine": known, "half": [run], "limits": {"redis": None}})))
    text = page.read_text()
    assert "| half of that | 2 | 3 | 40 |" in text
    assert "| Redis | not measured |" in text


def test_a_worker_is_timed_while_it_classifies(monkeypatch: pytest.MonkeyPatch) -> None:
    for server in ("mosquitto", "redis-server"):
        executable(server)
    told = measure_worker(0, frames=160)
    assert told["faces_per_s"] > 0
    assert told["model_faces_per_s"] > 0

    monkeypatch.setattr("bench.worker.CROP_LIFETIME_S", CROP_LIFETIME_S + 60)
    with pytest.raises(BenchError, match="of 160 frames the worker refused or shed 160"):
        measure_worker(0, frames=160)


def test_the_memory_of_a_soak_is_told_every_five_minutes(tmp_path: Path) -> None:
    known = dict.fromkeys(("processor", "cores", "memory_gb", "system", "python", "litert"), "?")
    memory_mb = {name: [90.0 + minute for minute in range(12)] for name in ("worker-0", "aggregator")}
    soak = {
        "cameras": 20,
        "seconds": 720,
        "offered_faces_per_s": 1500,
        "served_faces_per_s": 1500,
        "frames": {"shed": 0, "expired": 0},
        "latency_s": {"p50": 0.1, "p99": 0.2},
        "cpu_us_per_face": 400,
        "memory_peak_mb": {"worker-0": 101, "aggregator": 101},
        "memory_mb": memory_mb,
    }
    page = tmp_path / "core.md"
    write_page(page, {"machine": known, "soak": soak})
    text = page.read_text()
    assert "| after, minutes | 1 | 5 | 10 |" in text
    assert "| worker-0 | 90 | 94 | 99 |" in text


def test_the_video_shows_faces_of_the_scripted_store(tmp_path: Path) -> None:
    file = tmp_path / "store.mp4"
    write_video(file)
    video = cv2.VideoCapture(str(file))
    _, first = video.read()
    assert first.shape == (1080, 1920, 3)
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == FPS * SECONDS


def test_the_data_of_every_page_are_timed() -> None:
    for server in ("mosquitto", "redis-server"):
        executable(server)
    told = measure_dashboard(cameras=2, days=10)
    pages = {name.partition(",")[0] for name in told}
    assert pages == {"Trends", "Heatmap", "Compare", "Yesterday and the 8 weeks before", "Now"}
    assert all(0 < milliseconds < 10_000 for milliseconds in told.values())
