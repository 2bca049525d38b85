"""``python -m bench``: measures stage by stage and the whole, and writes a page and JSON."""

import argparse
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console

from bench.aggregator import measure_aggregator
from bench.camera import measure_camera
from bench.dashboard import measure_dashboard
from bench.errors import BenchError
from bench.limits import measure_limits
from bench.machine import describe_machine
from bench.model import measure_model
from bench.page import write_page
from bench.storage import measure_storage
from bench.system import Load, measure_system
from bench.worker import measure_worker
from classifier_worker.settings import SHIPPED_MODEL
from contract.model import CARD_FILE, ModelCard
from runtime.process import run

OUT: Final = Path("docs/benchmarks")
ROUNDS: Final = 3
FLEETS: Final = (10, 100, 1000)

Stage = Callable[[argparse.Namespace], Any]


def measure_stage_model(_given: argparse.Namespace) -> Any:
    """The bare model."""
    card = msgspec.json.decode((SHIPPED_MODEL / CARD_FILE).read_bytes(), type=ModelCard)
    return measure_model(card.multiply_adds)


def measure_stage_half(given: argparse.Namespace) -> Any:
    """Half load, from few cameras to many."""
    return [measure_system(Load(fleet, given.capacity / 2, given.seconds)) for fleet in FLEETS]


def measure_stage_soak(given: argparse.Namespace) -> Any:
    """Half load for long: the memory of each process, MB, minute by minute."""
    minutes: list[dict[str, float]] = []
    load = Load(20, given.capacity / 2, given.soak_s, producer=True)
    told = measure_system(load, minutes.append)
    return {**told, "memory_mb": {name: [round(one[name], 1) for one in minutes] for name in minutes[0]}}


STAGES: Final[dict[str, Stage]] = {
    "limits": lambda _given: measure_limits(),
    "model": measure_stage_model,
    "worker": lambda _given: _median([measure_worker(0) for _ in range(ROUNDS)]),
    "aggregator": lambda _given: _median([measure_aggregator(0) for _ in range(ROUNDS)]),
    "camera": lambda _given: measure_camera(),
    "storage": lambda _given: measure_storage(),
    "dashboard": lambda _given: measure_dashboard(),
    "sustained": lambda given: measure_system(Load(20, given.capacity, 5 * given.seconds)),
    "half": measure_stage_half,
    "overload": lambda given: measure_system(Load(20, 3 * given.capacity, 2 * given.seconds)),
    "soak": measure_stage_soak,
}
ON_DEMAND: Final = {"soak"}


def main() -> None:
    """Reads arguments, measures, writes."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures the streaming core stage by stage and whole, and writes a page and JSON.",
    )
    parser.add_argument(
        "stages",
        nargs="*",
        metavar="STAGE",
        help=f"what to measure: {', '.join(STAGES)} (default: all but soak)",
    )
    parser.add_argument(
        "--capacity",
        type=_positive,
        default=3000.0,
        metavar="N",
        help="faces a second that this machine sustains (default: %(default)g)",
    )
    parser.add_argument(
        "--seconds",
        type=_positive,
        default=60.0,
        metavar="N",
        help="length of a run at half load; five times that for the sustained one, twice that for overload "
        "(default: %(default)g)",
    )
    parser.add_argument(
        "--soak-s",
        type=_positive,
        default=1800.0,
        metavar="N",
        help="length of the soak, seconds (default: %(default)g)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=OUT,
        metavar="FOLDER",
        help="folder for core.json and core.md (default: %(default)s)",
    )
    given = parser.parse_args()
    unknown = set(given.stages) - STAGES.keys()
    if unknown:
        parser.error(f"no such stage: {', '.join(sorted(unknown))}")
    console = Console(soft_wrap=True)
    file = given.out / "core.json"
    results = json.loads(file.read_text()) if file.exists() and given.stages else {}
    machine = describe_machine()
    if results.setdefault("machine", machine) != machine:
        raise BenchError(f"{file} has figures of another machine, or of other versions: give another --out")
    for name in given.stages or [name for name in STAGES if name not in ON_DEMAND]:
        console.print(f"measuring: {name} ...")
        results[name] = STAGES[name](given)
        console.print_json(data=results[name])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(results, indent=1) + "\n")
    write_page(given.out / "core.md", results)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return number


def _median(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Of several rounds, figure by figure."""
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


if __name__ == "__main__":
    run(main, "bench")
