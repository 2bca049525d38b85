"""What a camera counts, served at ``/metrics``."""

from prometheus_client import Counter, Histogram

FRAMES = Counter("moodlens_producer_frames_analysed", "Frames looked at")
FRAMES_CORRUPT = Counter("moodlens_producer_frames_corrupt", "Frames that could not be decoded, skipped")
FACES = Counter("moodlens_producer_faces_published", "Faces handed to the outbox")
FACES_LEFT_OUT = Counter("moodlens_producer_faces_left_out", "Faces beyond the most that a message carries")
FACES_EXCLUDED = Counter(
    "moodlens_producer_faces_excluded", "Faces left out: of staff, in masked zones, or of no living person"
)
DETECT_SECONDS = Histogram(
    "moodlens_producer_detect_seconds",
    "Time to find the faces of one frame",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1),
)
CLASSIFY_SECONDS = Histogram(
    "moodlens_producer_classify_seconds",
    "Time to classify the faces of one frame on the camera",
    buckets=(0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1),
)
PREVIEWS = Counter("moodlens_producer_previews_published", "Previews given to the broker")
SOURCE_RECONNECTS = Counter("moodlens_producer_source_reconnects", "Times a live source was opened again")
SOURCE_FREEZES = Counter(
    "moodlens_producer_source_freezes", "Times a live source gave the very same picture for too long"
)
SENT = Counter("moodlens_producer_messages_acknowledged", "Messages the broker took, by topic", ["suffix"])
DROPPED = Counter("moodlens_producer_messages_dropped", "Messages the outbox gave up, by topic", ["suffix"])
