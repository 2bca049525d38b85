"""What an aggregator counts for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

ENTRIES = Counter("moodlens_aggregator_entries", "Stream entries folded and committed")
UNREADABLE = Counter("moodlens_aggregator_unreadable", "Stream entries that are no valid event")
PARTITIONS = Gauge("moodlens_aggregator_partitions", "Partitions owned")
COMMIT_SECONDS = Histogram(
    "moodlens_aggregator_commit_seconds",
    "Time Redis took for a commit",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
)
