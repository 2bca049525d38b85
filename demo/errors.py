"""What keeps the demo from running, told in one line."""

from runtime.errors import MoodLensError


class PortTaken(MoodLensError):
    """The port asked for cannot be listened on."""


class NotInstalled(MoodLensError):
    """A part of the demo is not installed."""


class NoFolder(MoodLensError):
    """The folder for the demo's servers cannot be made."""


class SourceMissing(MoodLensError):
    """The file, folder or webcam asked for is not there."""


class NotReady(MoodLensError):
    """A part did not come up in time."""


class ChildDied(MoodLensError):
    """A part that the demo cannot do without has ended."""


class Interrupted(MoodLensError):
    """The demo was told to stop before it was up."""


class NoHistory(MoodLensError):
    """Simulated history cannot be written: nobody reads it, or figures are there already."""


class TruthUnreadable(MoodLensError):
    """What a scripted camera wrote about what it showed cannot be read."""
