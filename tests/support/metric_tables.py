"""What each process counts for Prometheus, read out of its module."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Final

from prometheus_client.metrics import MetricWrapperBase

import aggregator.metrics
import classifier_worker.metrics
import producer.metrics
from tests.support.markdown import table

PROCESSES: Final[dict[str, ModuleType]] = {
    "worker": classifier_worker.metrics,
    "aggregator": aggregator.metrics,
    "camera": producer.metrics,
}

_SERIES: Final = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, as whoever asks Prometheus knows it.

    Attributes:
        name: of a counter with ``_total``; of a histogram without what follows.
        series: all names under which Prometheus keeps it.
        labels: beside those that Prometheus adds, and a histogram's ``le``.
    """

    name: str
    kind: str
    meaning: str
    series: tuple[str, ...]
    labels: tuple[str, ...]


def metrics_of(module: ModuleType) -> list[Metric]:
    found = []
    for metric in vars(module).values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            endings = _SERIES[family.type]
            name = family.name + (endings[0] if len(endings) == 1 else "")
            series = tuple(family.name + ending for ending in endings)
            found.append(Metric(name, family.type, family.documentation, series, tuple(metric._labelnames)))
    return found


def _table(module: ModuleType) -> str:
    return table(
        ("metric", "kind", "labels", "meaning"),
        [
            (f"`{one.name}`", one.kind, ", ".join(f"`{label}`" for label in one.labels) or "–", one.meaning)
            for one in metrics_of(module)
        ],
    )


BLOCKS: Final[dict[str, Callable[[], str]]] = {
    name: partial(_table, module) for name, module in PROCESSES.items()
}
