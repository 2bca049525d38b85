"""What can go wrong where something for an edge device is made, told in one line."""

from runtime.errors import MoodLensError


class EdgeRefused(MoodLensError):
    """What was asked for cannot be made: a name, a file or a package is missing or not usable."""
