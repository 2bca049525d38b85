"""What can go wrong in a worker, told in one line."""

from runtime.errors import MoodLensError


class ModelUnusable(MoodLensError):
    """The model's folder lacks a file, or the model does not take our crops or give our labels."""


class NoFreeSlot(MoodLensError):
    """Every worker slot is leased: more workers than ``MOODLENS_WORKER_SLOTS``."""
