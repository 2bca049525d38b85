from datetime import date
from typing import Any

import pytest

from contract.notes import NoteKind
from dashboard.notes.form import SENTENCES, note_of

GIVEN: dict[str, Any] = {
    "kind": NoteKind.STAFFING,
    "name": " Two at the till ",
    "cameras": ("till",),
    "first_day": date(2026, 11, 2),
    "last_day": None,
    "at_ms": 1_795_384_800_000,
    "by": "anna",
}


def test_what_is_filled_in_becomes_a_note() -> None:
    note, faults = note_of(**GIVEN)
    assert faults == {}
    assert note
    assert (note.name, note.cameras, note.first_day, note.last_day) == (
        "Two at the till",
        ("till",),
        date(2026, 11, 2),
        None,
    )
    assert (note.noted_at_ms, note.noted_by) == (1_795_384_800_000, "anna")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"first_day": None}, "first_day"),
        ({"first_day": date(1970, 1, 1)}, "first_day"),
        ({"last_day": date(2026, 11, 1)}, "last_day"),
        ({"last_day": date(2028, 1, 1)}, "last_day"),
        ({"cameras": ("till",) * 101}, "cameras"),
        ({"cameras": ("Till!",)}, "cameras"),
        ({"by": "x" * 300}, ""),
    ],
)
def test_what_is_wrong_is_said_at_its_field(change: dict[str, Any], field: str) -> None:
    assert note_of(**GIVEN | change) == (None, {field: SENTENCES[field]})
