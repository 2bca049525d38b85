"""What an aggregator counts for Prometheus."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ENTRIES = Counter("moodlens_aggregator_entries", "Stream entries folded and committed")
UNREADABLE = Counter("moodlens_aggregator_unreadable", "Stream entries that are no valid event")
PARTITIONS = Gauge("moodlens_aggregator_partitions", "Partitions owned")
COMMIT_SECONDS = Histogram(
    "moodlens_aggregator_commit_seconds",
    "Time Redis took for a commit",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
)

WINDOW_LATENCY = Histogram(
    "moodlens_aggregator_window_latency_seconds",
    "From a frame's capture, by its camera's clock, until it is in its windows",
    buckets=(0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0),
)

WINDOWS_TOLD = Counter("moodlens_aggregator_windows_told", "Closed windows put into the outbox")
ALERTS = Counter("moodlens_aggregator_alerts", "Alerts decided: raised, cleared", ["transition"])
BAD_RULES = Counter("moodlens_aggregator_bad_rules", "Alert rules that cannot be used, once for each text")
PASSED_OVER = Counter("moodlens_aggregator_passed_over", "Times that windows were too old to be looked at")
OUTBOX_DROPPED = Counter("moodlens_aggregator_outbox_dropped", "Undelivered announcements that made room")
OUTBOX_WAITING = Gauge("moodlens_aggregator_outbox_waiting", "Announcements to be delivered", ["destination"])
DELIVERIES = Counter(
    "moodlens_aggregator_deliveries",
    "Announcements, by what became of them: delivered, failed (and tried again), given_up",
    ["destination", "outcome"],
)

HISTORY_S: Final = 300.0
"""Frames that are older come from an outage, or are somebody's history: no delay of a running system."""


def observe_latency(captured_at_ms: Iterable[int], now_ms: int) -> None:
    """Frames captured at these times are in their windows now (both UTC)."""
    for at_ms in captured_at_ms:
        latency_s = (now_ms - at_ms) / 1000
        if latency_s < HISTORY_S:
            WINDOW_LATENCY.observe(latency_s)
