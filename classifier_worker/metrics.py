"""What a worker counts for Prometheus."""

from prometheus_client import Counter, Histogram

EVENTS = Counter("moodlens_worker_events", "Events written to the streams, by outcome", ["outcome"])
REFUSED = Counter("moodlens_worker_refused", "Messages refused, by reason", ["reason"])
FACES = Counter("moodlens_worker_faces", "Faces classified")
BATCH_FACES = Histogram(
    "moodlens_worker_batch_faces", "Faces classified in one go", buckets=(0, 1, 2, 4, 8, 16, 32, 64, 128)
)
CLASSIFY_SECONDS = Histogram(
    "moodlens_worker_classify_seconds",
    "Time the model took for a batch",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
)
