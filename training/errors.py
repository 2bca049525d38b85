"""What can go wrong in training that the person at the keyboard can put right."""

from runtime.errors import MoodLensError


class TrainingError(MoodLensError):
    """Base of the errors below; the command line shows its text as one line and exits with 1."""


class DatasetError(TrainingError):
    """The data set is missing, incomplete or holds something that is not a 48×48 face."""


class RunError(TrainingError):
    """A run folder cannot be read, or holds a run that was started with other settings."""


class ExportError(TrainingError):
    """The exported model is missing, not what its card says, or worse than the model it came from."""


class ReportError(TrainingError):
    """A report, or the scores it is made of, cannot be written."""


class PeerError(TrainingError):
    """The package whose network is scored beside ours is not installed, or in another version."""


class AwsError(TrainingError):
    """AWS cannot be reached, refuses, or lacks what was named; the message says what to do."""
