"""Time zones by name."""

from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runtime.errors import SettingsError


def named_zone(name: str | bytes) -> tzinfo:
    """The IANA time zone of a name, as people or Redis give it.

    Raises:
        SettingsError: there is none.
    """
    text = name.decode(errors="replace") if isinstance(name, bytes) else name
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(f"{text!r} is no IANA time zone (such as Europe/Berlin)") from None
