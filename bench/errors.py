"""Why a measurement cannot be made."""

from runtime.errors import MoodLensError


class BenchError(MoodLensError):
    """A program is missing, or something did not come up or come to an end in time."""
