"""What goes wrong for a person at the command line."""

from runtime.errors import MoodLensError


class Refused(MoodLensError):
    """What was asked for cannot be done."""


class SecretsUnusable(MoodLensError):
    """A file of the secrets cannot be read or written, or does not hold what it should."""


class ControlRefused(MoodLensError):
    """The broker does not do what was asked for."""
