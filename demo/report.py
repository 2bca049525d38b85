"""What a run of the demo counted, and, where a story was played, how near that is to the truth."""

import json
from pathlib import Path
from typing import Any

from classifier_worker.settings import WorkerSettings
from demo.clean import CleanRenders, open_classifier
from demo.comparison import compare, true_visits
from demo.face_model import load_face_model
from demo.findings import Findings
from demo.truth import ScriptedFrame, read_truth
from runtime.errors import MoodLensError, reason_of
from runtime.settings import load_settings


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
        raise MoodLensError(f"cannot write the report {file}: {reason_of(error)}") from None


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


def _mean_s(total_ms: int, visits: int) -> float | None:
    return round(total_ms / visits / 1000, 2) if visits else None
