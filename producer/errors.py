"""What can go wrong at a camera, told in one line."""

from runtime.errors import MoodLensError


class SourceUnusable(MoodLensError):
    """The source given cannot be read: no such file, no picture in the folder, not decodable."""


class SourceUnavailable(MoodLensError):
    """A live source gives no frame now, and may later: camera unplugged or busy, stream not answering."""


class DetectorUnusable(MoodLensError):
    """The detector asked for cannot be opened: its file is missing, unreadable or not the known one."""


class ClassifierUnusable(MoodLensError):
    """The camera was asked to classify by itself, and lacks what that needs."""


class ClockWentBack(MoodLensError):
    """The machine's clock was set back by more than a moment: the session's times would no longer grow."""


class NotDelivered(MoodLensError):
    """The run ended with messages that the broker never acknowledged."""
