"""What can go wrong on the device, told in one line."""


class DeviceError(Exception):
    """An expected failure: its message is one clear line for a person."""


class SettingsError(DeviceError):
    """A setting is missing or cannot be used."""


class LensUnusable(DeviceError):
    """The device's own software is not there, or does not load the face model."""


class ClassifierUnusable(DeviceError):
    """Faces cannot be classified on this device."""


class NoBroker(DeviceError):
    """There is no connection to the broker; a later attempt may succeed."""


class ClockWentBack(DeviceError):
    """The device's clock was set back by more than a moment: the session's times would no longer grow."""
