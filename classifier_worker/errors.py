"""What can go wrong in a worker, told in one line."""

from runtime.errors import MoodLensError


class NoFreeSlot(MoodLensError):
    """Every worker slot is leased: more workers than ``MOODLENS_WORKER_SLOTS``."""
