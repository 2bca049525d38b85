"""The base of every failure that a person is told about in one line."""


class MoodLensError(Exception):
    """An expected failure: its message is one clear line for a person, never shown as a traceback."""


class SettingsError(MoodLensError):
    """An environment variable holds a value that cannot be used."""


class BrokerFailure(MoodLensError):
    """There is no connection to the broker, for one of the reasons below; a later attempt may succeed."""


class BrokerUnavailable(BrokerFailure):
    """Nobody answers, or not in time, at the broker's address."""


class BrokerRefused(BrokerFailure):
    """The broker answered and said no: wrong password, no permission, not MQTT 5."""


class RedisUnavailable(MoodLensError):
    """Redis does not answer, or refuses the login."""


class ModelUnusable(MoodLensError):
    """The model's folder lacks a file, or the model does not take our crops or give our labels."""


class LayoutMismatch(MoodLensError):
    """Redis holds data that was laid out by an incompatible version or with other partitions."""


def reason_of(error: OSError) -> str:
    """What the system says of a failure, in the case of our lines: ``no such file or directory``."""
    return (error.strerror or str(error)).lower()
