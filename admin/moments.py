"""Instants as an operator writes and reads them: by a site's clock. Pure."""

from datetime import UTC, datetime, tzinfo

from runtime.errors import MoodLensError

EXAMPLE = "2026-11-26 or 2026-11-26T14:00"


class BadMoment(MoodLensError):
    """What was given is no instant."""


def parse_moment(text: str, time_zone: tzinfo) -> int:
    """UTC milliseconds of a date (its midnight), or of a date and time, with or without an offset.

    Of an hour that the clocks show twice it is the first; an offset such as ``+01:00`` says which.

    Args:
        text: ISO 8601.
        time_zone: the site's; holds where the text has no offset.

    Raises:
        BadMoment: it cannot be read, or no clock shows it.
    """
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise BadMoment(f"{text!r} is no date or time, such as {EXAMPLE}") from None
    try:
        if given.tzinfo is None:
            local = given.replace(tzinfo=time_zone)
            if local.astimezone(UTC).astimezone(time_zone).replace(tzinfo=None) != given:
                raise BadMoment(f"{text} was skipped by the clocks of {time_zone}")
            given = local
        at_ms = round(given.timestamp() * 1000)
        datetime.fromtimestamp(at_ms / 1000, time_zone)
    except (OverflowError, ValueError):
        raise BadMoment(f"{text} is beyond all calendars") from None
    return at_ms


def moment_words(at_ms: int, time_zone: tzinfo) -> str:
    """An instant (UTC, ms) to the minute, as ``parse_moment`` reads it: ``2026-11-26T14:00``."""
    return f"{datetime.fromtimestamp(at_ms / 1000, time_zone):%Y-%m-%dT%H:%M}"


def date_words(at_ms: int, time_zone: tzinfo) -> str:
    """The local date of an instant (UTC, ms)."""
    return f"{datetime.fromtimestamp(at_ms / 1000, time_zone):%Y-%m-%d}"
