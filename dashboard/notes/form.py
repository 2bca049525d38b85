"""From the fields of the form to a note, and from what is wrong with it to the field. Pure."""

import re
from datetime import date
from typing import Final

from contract.notes import DAYS_MAX, NAME_MAX, BadNote, NoteKind, SiteNote, decode_note, encode_note

SENTENCES: Final = {
    "name": f"Give it a name of 1 to {NAME_MAX} characters.",
    "first_day": "Give a day between 2000 and 2199.",
    "last_day": f"Give a day from the first one on, at most {DAYS_MAX} days in all, or none.",
    "cameras": "Choose at most 100 cameras, or none for the whole site.",
    "": "This cannot be noted.",
}

_FIELDS: Final = {"name": "name", "last": "last_day", "longer": "last_day", "between": "first_day"}
"""A word in a message of ``SiteNote`` → the field that it is about."""


def note_of(
    kind: NoteKind,
    name: str,
    cameras: tuple[str, ...],
    first_day: date | None,
    last_day: date | None,
    at_ms: int,
    by: str,
) -> tuple[SiteNote | None, dict[str, str]]:
    """The note, or None and for the field at fault one sentence.

    Args:
        kind: of the note.
        name: as typed.
        cameras: second parts of camera names; none: the whole site.
        first_day: local date; None: not given.
        last_day: local date; None: it goes on.
        at_ms: when it is noted, UTC.
        by: who notes it, or ''.
    """
    if first_day is None:
        return None, {"first_day": SENTENCES["first_day"]}
    try:
        note = SiteNote(
            kind=kind,
            name=name.strip(),
            cameras=cameras,
            first_day=first_day,
            last_day=last_day,
            noted_at_ms=at_ms,
            noted_by=by,
        )
        return decode_note(encode_note(note)), {}
    except (BadNote, ValueError) as error:
        field = _field_of(str(error))
        return None, {field: SENTENCES[field]}


def _field_of(message: str) -> str:
    if named := re.search(r"`\$\.(\w+)", message):
        return named[1] if named[1] in SENTENCES else ""
    return next((field for word, field in _FIELDS.items() if word in message), "")
