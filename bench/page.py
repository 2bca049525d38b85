"""The figures as a page."""

from pathlib import Path
from typing import Any, Final

_HEAD: Final = """\
# The streaming core, measured

    make bench
    make bench BENCH_ARGS=soak      # half load for long, and the memory meanwhile

Machine: {processor}, {cores} cores, {memory_gb} GB, {system}; Python {python}, LiteRT {litert}.
All runs on it at once, simulated cameras included. The broker has the settings of
`docker-compose.yml`, without passwords, TLS and the log of refusals (about 5 µs a message). All figures, as
they were written: [core.json](core.json).
"""

_STAGES: Final = (
    ("model", "## The model, one thread"),
    ("limits", "## Raw limits: C clients, no code of ours"),
    ("worker", "## One worker, MQTT in, Redis out; model and worker on the same core, medians of three"),
    ("aggregator", "## One aggregator on one core, medians of three"),
    ("camera", "## One camera on one core, the scripted store before it; medians of three"),
    ("storage", "## One camera in Redis, every window kept and full"),
    ("dashboard", "## The data of the dashboard's pages, a site of 50 cameras, medians of five"),
)

_SYSTEM: Final = (
    ("sustained", "sustained"),
    ("half", "half of that"),
    ("overload", "three times that"),
    ("soak", "half of that, for long, a real camera beside it"),
)


def write_page(file: Path, results: dict[str, Any]) -> None:
    """Writes the page; stages that were not measured are left out."""
    parts = [_HEAD.format(**results["machine"])]
    for name, title in _STAGES:
        if name in results:
            lines = [f"| {words(key)} | {number(value)} |" for key, value in results[name].items()]
            parts.append("\n".join([title, "", "| | |", "|---|---:|", *lines, ""]))
    runs = [(title, run) for name, title in _SYSTEM for run in _as_list(results.get(name))]
    if runs:
        parts.append("\n".join(["## The whole", "", *_system_table(runs), ""]))
    if soak := results.get("soak"):
        title = f"## Resident memory at half load with a real 1080p camera, MB, {soak['seconds']:,.0f} s"
        parts.append("\n".join([title, "", *_memory_table(soak["memory_mb"]), ""]))
    file.write_text("\n".join(parts))


def _as_list(value: Any) -> list[dict[str, Any]]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _system_table(runs: list[tuple[str, dict[str, Any]]]) -> list[str]:
    head = (
        "| | cameras | seconds | faces/s offered | served | frames shed | expired | p50 s | p99 s "
        "| CPU µs a face | worker MB | aggregator MB |"
    )
    lines = [head, "|---|" + "---:|" * (head.count("|") - 2)]
    for title, run in runs:
        frames, memory = run["frames"], run["memory_peak_mb"]
        cells = [
            title,
            number(run["cameras"]),
            number(run["seconds"]),
            number(run["offered_faces_per_s"]),
            number(run["served_faces_per_s"]),
            number(frames["shed"]),
            number(frames["expired"]),
            number(run["latency_s"]["p50"]),
            number(run["latency_s"]["p99"]),
            number(run["cpu_us_per_face"]),
            number(memory["worker-0"]),
            number(memory["aggregator"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _memory_table(by_process: dict[str, list[float]]) -> list[str]:
    minutes = [0, *range(4, min(map(len, by_process.values())), 5)]
    head = ["after, minutes", *(str(minute + 1) for minute in minutes)]
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * len(minutes)]
    for name, sizes in by_process.items():
        lines.append(f"| {' | '.join([name, *(number(sizes[minute]) for minute in minutes)])} |")
    return lines


def words(key: str) -> str:
    """A name in the results for people: units are at its end already."""
    key = key.replace("gmac", "billion_multiply-adds").replace("mqtt", "MQTT").replace("redis", "Redis")
    return key.replace("_per_s", " a second").replace("_us_per_", " µs a ").replace("_", " ")


def number(value: float | None) -> str:
    """With separators; None: not measured."""
    if value is None:
        return "not measured"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:g}"
