"""Promotions and changes of staffing that people noted of a site, read and changed."""

import secrets
from typing import Any, Final

from contract import keys
from contract.notes import BadNote, SiteNote, decode_note, encode_note
from runtime.redis import Client

ID_BYTES: Final = 8


def read_notes(client: Client, site: str) -> dict[str, SiteNote]:
    """Id → note of a site, the one that began last first; those that cannot be read are left out."""
    notes = {}
    fields: dict[Any, Any] = client.hgetall(keys.notes(site))
    for note_id, payload in fields.items():
        try:
            notes[note_id.decode()] = decode_note(payload)
        except (BadNote, UnicodeDecodeError):
            continue  # of a later version; the others are still worth showing
    return dict(sorted(notes.items(), key=lambda item: (item[1].first_day, item[0]), reverse=True))


def new_id() -> str:
    """Of a note that does not exist yet."""
    return secrets.token_hex(ID_BYTES)


def save_note(client: Client, site: str, note_id: str, note: SiteNote) -> None:
    """Adds a note to a site, or changes the one of that id; safe to repeat.

    Raises:
        BadNote: it is out of bounds.
    """
    client.hset(keys.notes(site), note_id, encode_note(note))


def remove_note(client: Client, site: str, note_id: str) -> None:
    """Takes a note away."""
    client.hdel(keys.notes(site), note_id)
