"""docs/monitoring.md and docs/grafana.json speak of metrics that there are, and of all of them."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest

from classifier_worker.log import Outcome
from contract.keys import MQTT, PARTITIONS, WEBHOOK
from tests.support.blocks import filled
from tests.support.golden import compare
from tests.support.metric_tables import BLOCKS, PROCESSES, metrics_of

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = DOCS / "monitoring.md"
BOARD: Final = DOCS / "grafana.json"

SERIES: Final = {
    series: {*metric.labels, *(["le"] if series.endswith("_bucket") else [])}
    for module in PROCESSES.values()
    for metric in metrics_of(module)
    for series in metric.series
}
"""Name of a series → its own labels."""

OTHERS: Final = {"up", "process_resident_memory_bytes", "process_cpu_seconds_total"}
BY_PROMETHEUS: Final = {"job", "instance"}


def queries_of_alerts() -> list[str]:
    return re.findall(r"^ +expr: (.*)$", PAGE.read_text(), re.MULTILINE)


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(BOARD.read_text())["panels"]
    return found


def queries_of_panels() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel.get("targets", [])]


def test_the_tables_of_metrics_are_those_of_the_code(write_golden: bool) -> None:
    compare(PAGE, filled(PAGE.read_text(), BLOCKS).encode(), write=write_golden)


@pytest.mark.parametrize("query", [*queries_of_alerts(), *queries_of_panels()])
def test_a_query_asks_for_what_there_is(query: str) -> None:
    names = set(re.findall(r"\b(?:moodlens|process)_\w+|\bup\b", query))
    assert names
    assert names <= SERIES.keys() | OTHERS
    labels = {label.strip() for by in re.findall(r"by \(([^)]*)\)", query) for label in by.split(",")}
    labels |= set(re.findall(r"(\w+)=~?\"", query))
    assert labels <= BY_PROMETHEUS.union(*(SERIES.get(name, set()) for name in names))
    assert query.count("(") == query.count(")")


@pytest.mark.parametrize("query", [*queries_of_alerts(), *queries_of_panels()])
def test_counters_are_asked_for_their_growth_and_histograms_for_their_buckets(query: str) -> None:
    for name in re.findall(r"\bmoodlens_\w+_(?:total|bucket|sum|count)\b", query):
        assert re.search(rf"(rate|increase)\({name}(\{{[^}}]*\}})?\[", query), name


def test_every_metric_is_on_the_board() -> None:
    asked = " ".join(queries_of_panels())
    for module in PROCESSES.values():
        for metric in metrics_of(module):
            assert any(re.search(rf"\b{series}\b", asked) for series in metric.series), metric.name


def test_what_the_page_says_of_labels_and_partitions_holds() -> None:
    page = PAGE.read_text()
    assert all(f"`{outcome}`" in page for outcome in Outcome)
    assert f"`{MQTT}` or `{WEBHOOK}`" in page
    assert f"(sum(moodlens_aggregator_partitions) or vector(0)) < {PARTITIONS}" in page


def test_the_board_can_be_imported() -> None:
    board = json.loads(BOARD.read_text())
    (source,) = board["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    assert (board["id"], board["uid"], board["schemaVersion"]) == (None, "moodlens", 39)
    assert len({panel["id"] for panel in panels()}) == len(panels())
    for panel in panels():
        targets = panel.get("targets", [])
        assert bool(targets) != (panel["type"] == "row"), panel["title"]
        assert len({target["refId"] for target in targets}) == len(targets)
        assert all(target["datasource"]["uid"] == f"${{{source['name']}}}" for target in targets)


def test_no_panel_covers_another() -> None:
    places = [panel["gridPos"] for panel in panels()]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        assert (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        ), (one, other)
