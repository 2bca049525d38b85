"""What a run of the demo counted, and, where a story was played, how near that is to the truth."""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from aggregator.state import CameraState, OpenVisit
from classifier_worker.settings import WorkerSettings
from contract import keys, row
from contract.events import FrameEmotions
from contract.windows import GRAIN_MS, Resolution
from demo.clean import CleanRenders, open_classifier
from demo.comparison import compare, true_visits
from demo.face_model import load_face_model
from demo.ports import HOST
from demo.truth import ScriptedFrame, read_truth
from demo.witness import Witness
from runtime.errors import MoodLensError
from runtime.redis import Client
from runtime.settings import load_settings
from runtime.windows import Windows, read_windows

COLUMNS: Final = ("frames", "face_frames", "visits", "published", "dropped", "shed", "refused", "late")
LATENCY: Final = "moodlens_aggregator_window_latency_seconds"

_POLL_S = 0.05
_ANSWER_S = 2.0


def wait_until_reported(client: Client, cameras: Sequence[str], from_ms: int, within_s: float) -> None:
    """Waits until the cameras' last reports are in their windows, too, or the time is over.

    Until then more frames are counted than were reported as published.
    """
    deadline_s = time.monotonic() + within_s
    pause = threading.Event()
    while time.monotonic() < deadline_s:
        to_ms = time.time_ns() // 1_000_000
        totals = [_read_windows(client, camera, from_ms, to_ms).rows.sum(axis=0) for camera in cameras]
        columns = (row.FRAMES, row.DROPPED, row.SHED, row.REFUSED)
        if all(total[row.PUBLISHED] == sum(total[column] for column in columns) for total in totals):
            return
        pause.wait(_POLL_S)


def wait_until_counted(client: Client, cameras: Sequence[str], within_s: float) -> None:
    """Waits until all that is in the cameras' streams is in their windows, or the time is over."""
    streams = {keys.stream(keys.partition_of(camera)) for camera in cameras}
    deadline_s = time.monotonic() + within_s
    pause = threading.Event()
    while time.monotonic() < deadline_s:
        groups: list[Any] = [
            group for stream in streams if client.exists(stream) for group in client.xinfo_groups(stream)
        ]
        if all(not group["pending"] and not group["lag"] for group in groups):
            return
        pause.wait(_POLL_S)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured of one camera.

    Attributes:
        frames: that were classified.
        doubled: frames that stand in the log more than once.
        detector: of faces.
        windows: of 10 s, all of the run.
        still_open: visits that had not closed.
    """

    frames: list[FrameEmotions]
    doubled: int
    detector: str
    windows: Windows
    still_open: list[OpenVisit]

    def count(self) -> dict[str, int]:
        """Sums over the windows."""
        return {name: int(self.windows.column(name).sum()) for name in COLUMNS}


def collect(client: Client, witness: Witness, from_ms: int, to_ms: int) -> dict[str, Findings]:
    """What was measured of each camera between two instants (UTC milliseconds).

    Raises:
        redis.exceptions.RedisError: it cannot be read.
    """
    witness.look()
    findings = {}
    for camera, frames in witness.frames.items():
        windows = _read_windows(client, camera, from_ms, to_ms)
        fields: Any = client.hgetall(keys.open_visits(camera))
        findings[camera] = Findings(
            frames,
            witness.doubled(camera),
            witness.detectors.get(camera, ""),
            windows,
            list(CameraState.load(fields).visits.values()),
        )
    return findings


def read_latency(health_port: int) -> dict[str, float | None]:
    """From a frame's capture to its window, as the aggregator at this port counted: p50 and p99, seconds.

    Each is the upper edge of the histogram's bucket that the quantile lies in; None: nothing was counted.
    """
    try:
        with urlopen(f"http://{HOST}:{health_port}/metrics", timeout=_ANSWER_S) as page:
            families = list(text_string_to_metric_families(page.read().decode()))
    except (OSError, HTTPException, ValueError):
        return {"p50": None, "p99": None}
    edges = [
        (float(sample.labels["le"]), sample.value)
        for family in families
        if family.name == LATENCY
        for sample in family.samples
        if sample.name.endswith("_bucket")
    ]
    return {name: _quantile(edges, share) for name, share in (("p50", 0.5), ("p99", 0.99))}


def judge(found: Findings, truth: list[ScriptedFrame], renders: CleanRenders) -> dict[str, Any]:
    """The counts of one camera, and what they should be; for JSON."""
    counted = found.count()
    visits = true_visits(truth)
    measured_visits = counted["visits"] + len(found.still_open)
    dwell_ms = int(found.windows.column("dwell_ms").sum())
    dwell_ms += sum(visit.last_ms - visit.first_ms for visit in found.still_open)
    return {
        **counted,
        "detector": found.detector,
        "lost": counted["published"]
        - sum(counted[name] for name in ("frames", "dropped", "shed", "refused")),
        "doubled": found.doubled + abs(counted["frames"] - len(found.frames)),
        "visits": {"true": len(visits), "measured": measured_visits},
        "dwell_s": {
            "true": _mean_s(sum(visit.last_ms - visit.first_ms for visit in visits), len(visits)),
            "measured": _mean_s(dwell_ms, measured_visits),
        },
        **compare(truth, found.frames, found.windows, renders.read),
    }


def make_report(
    findings: dict[str, Findings], latency_s: dict[str, float | None], truth_folder: Path | None
) -> dict[str, Any]:
    """For JSON: what was counted of each camera, beside the truth where there is a folder of it.

    Raises:
        MoodLensError: the truth or a model cannot be read.
    """
    report: dict[str, Any] = {"latency_s": latency_s}
    if truth_folder:
        settings = load_settings(WorkerSettings)
        classifier = open_classifier(settings.model_dir, settings.model_variant)
        renders = CleanRenders(load_face_model(), classifier)
        report["model"] = classifier.card.version
        report["cameras"] = {
            camera: judge(found, read_truth(truth_folder, camera), renders)
            for camera, found in findings.items()
        }
    else:
        report["cameras"] = {camera: found.count() for camera, found in findings.items()}
    return report


def write_report(file: Path, report: dict[str, Any]) -> None:
    """Writes a report as JSON.

    Raises:
        MoodLensError: the file cannot be written.
    """
    try:
        file.write_text(json.dumps(report, indent=1) + "\n")
    except OSError as error:
        raise MoodLensError(f"cannot write the report {file}: {error.strerror}") from None


def summarise(report: dict[str, Any]) -> list[str]:
    """A line for each camera that a story was played before, for people."""
    lines = []
    for camera, found in report["cameras"].items():
        if "mood" in found:
            visits, dwell = found["visits"], found["dwell_s"]
            lines.append(
                f"{camera}: visits {visits['measured']} of {visits['true']}, dwell {dwell['measured']} of "
                f"{dwell['true']} s, frames lost {found['lost']}, doubled {found['doubled']}, "
                f"mood correlation {found['mood']['correlation']}"
            )
    return lines


def _read_windows(client: Client, camera: str, from_ms: int, to_ms: int) -> Windows:
    """The 10 s windows of a camera from the one that holds ``from_ms`` to the one after ``to_ms``."""
    first_ms = from_ms // GRAIN_MS * GRAIN_MS
    return read_windows(client, camera, Resolution.TEN_SECONDS, first_ms, to_ms + GRAIN_MS, UTC)


def _mean_s(total_ms: int, visits: int) -> float | None:
    return round(total_ms / visits / 1000, 2) if visits else None


def _quantile(edges: list[tuple[float, float]], share: float) -> float | None:
    """The upper edge of the bucket that a quantile lies in; buckets are (edge, cumulated count)."""
    total = edges[-1][1] if edges else 0
    return next((edge for edge, counted in edges if counted >= share * total), None) if total else None
