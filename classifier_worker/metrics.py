"""What a worker counts for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("moodlens_worker_events", "Events written to the streams, by outcome", ["outcome"])
REFUSED = Counter("moodlens_worker_refused", "Messages refused, by reason", ["reason"])
FACES = Counter("moodlens_worker_faces", "Faces classified")
SHED = Counter("moodlens_worker_shed", "Frames shed under overload")
OVERLOADED = Gauge("moodlens_worker_overloaded", "1 while frames are shed")
WAITING = Gauge("moodlens_worker_waiting", "Messages delivered by the broker and not yet taken up")
AGE_SECONDS = Histogram(
    "moodlens_worker_age_seconds",
    "Age of frames when they are taken up, by their expiry (in changes of the broker's second)",
    buckets=(0.5, 1, 2, 3, 5, 10, 20, 30),
)
BATCH_FACES = Histogram(
    "moodlens_worker_batch_faces", "Faces classified in one go", buckets=(0, 1, 2, 4, 8, 16, 32, 64, 128)
)
CLASSIFY_SECONDS = Histogram(
    "moodlens_worker_classify_seconds",
    "Time the model took for a batch",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
)
