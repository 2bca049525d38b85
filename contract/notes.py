"""What people note of a site, so that figures can be read beside it: promotions and changes of staffing.

JSON in the hash ``keys.notes``, id → note. It is about days and places, never about a person.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from contract.events import NAME_PATTERN, TimeMs
from contract.undecodable import UNDECODABLE, one_line

DAYS_MAX: Final = 366
"""Of one note, where its last day is known."""

NAME_MAX: Final = 80

_EARLIEST, _LATEST = date(2000, 1, 1), date(2199, 12, 31)  # so that counting days never leaves the calendar


class NoteKind(StrEnum):
    """What was different from its first day on."""

    PROMOTION = "promotion"
    STAFFING = "staffing"


CameraPart = Annotated[str, Meta(pattern=rf"^{NAME_PATTERN}\Z")]
"""The second part of ``site/camera``."""


class SiteNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A promotion or a change of staffing at a site.

    Attributes:
        kind: which of the two.
        name: 1 to ``NAME_MAX`` characters, in one line.
        cameras: that it is about, without the site; none: all of the site.
        first_day: local date.
        last_day: local date, included; None: it goes on.
        noted_at_ms: when it was written down or last changed, UTC.
        noted_by: who did, or '' where nobody is signed in.
    """

    kind: NoteKind
    name: Annotated[str, Meta(min_length=1, max_length=NAME_MAX, pattern=r"^[^\x00-\x1f\x7f]+\Z")]
    cameras: Annotated[tuple[CameraPart, ...], Meta(max_length=100)] = ()
    first_day: date
    last_day: date | None = None
    noted_at_ms: TimeMs = 0
    noted_by: Annotated[str, Meta(max_length=254)] = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("it has no name")
        if not all(_EARLIEST <= day <= _LATEST for day in (self.first_day, self.last_day or self.first_day)):
            raise ValueError(f"its days are not between {_EARLIEST:%Y} and {_LATEST:%Y}")
        if self.last_day is not None and not self.first_day <= self.last_day:
            raise ValueError("its last day is before its first")
        if self.last_day is not None and self.last_day - self.first_day >= timedelta(days=DAYS_MAX):
            raise ValueError(f"it is longer than {DAYS_MAX} days")

    def covers(self, day: date) -> bool:
        """Whether it held on a local day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)

    def is_about(self, camera: str) -> bool:
        """Whether it concerns ``site/camera`` of its site."""
        return not self.cameras or camera.partition("/")[2] in self.cameras


class BadNote(ValueError):
    """A note that cannot be used; the message says why."""


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(SiteNote)


def encode_note(note: SiteNote) -> bytes:
    """Its JSON.

    Raises:
        BadNote: it is out of bounds (a ``Struct`` made in Python is not held against its types).
    """
    payload = _encoder.encode(note)
    decode_note(payload)
    return payload


def decode_note(payload: bytes) -> SiteNote:
    """What ``encode_note`` wrote.

    Raises:
        BadNote: it is none, or out of bounds.
    """
    try:
        return _decoder.decode(payload)
    except UNDECODABLE as error:
        raise BadNote(one_line(error)) from None
