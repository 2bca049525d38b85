"""Notes of a site: what may be written down."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from contract.notes import BadNote, NoteKind, SiteNote, decode_note, encode_note

NOTE = SiteNote(
    kind=NoteKind.PROMOTION,
    name="Free coffee",
    cameras=("entrance", "till"),
    first_day=date(2026, 11, 2),
    last_day=date(2026, 11, 15),
    noted_at_ms=1_795_384_800_000,
    noted_by="anna",
)


def test_a_note_comes_back_as_it_was_written() -> None:
    assert decode_note(encode_note(NOTE)) == NOTE
    ongoing = SiteNote(kind=NoteKind.STAFFING, name="Two at the till", first_day=date(2026, 11, 2))
    assert decode_note(encode_note(ongoing)) == ongoing


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "   "}, "it has no name"),
        ({"name": "x" * 81}, "length <= 80"),
        ({"name": "two\nlines"}, "regex"),
        ({"cameras": ("shop-1/entrance",)}, "regex"),
        ({"cameras": ("till",) * 101}, "length <= 100"),
        ({"noted_by": "x" * 255}, "length <= 254"),
        ({"noted_at_ms": -1}, ">= 0"),
    ],
)
def test_what_is_out_of_bounds_is_not_written(change: dict[str, Any], why: str) -> None:
    with pytest.raises(BadNote, match=why):
        encode_note(unchecked(change))


def unchecked(change: dict[str, Any]) -> SiteNote:
    try:
        return replace(NOTE, **change)
    except ValueError as error:
        raise BadNote(str(error)) from None


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (date(2026, 11, 2), date(2026, 11, 1), "its last day is before its first"),
        (date(2026, 1, 1), date(2027, 1, 2), "it is longer than 366 days"),
        (date(1999, 12, 31), None, "not between 2000 and 2199"),
        (date(2199, 12, 31), date(2200, 1, 1), "not between 2000 and 2199"),
    ],
)
def test_days_that_make_no_sense_are_said_to(first: date, last: date | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        SiteNote(kind=NoteKind.PROMOTION, name="x", first_day=first, last_day=last)


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"[1]", b'{"kind":"war","name":"x","first_day":"2026-11-02"}']
)
def test_what_is_no_note_is_refused(payload: bytes) -> None:
    with pytest.raises(BadNote):
        decode_note(payload)


def test_a_note_holds_on_its_days_and_for_its_cameras() -> None:
    days = [date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 15), date(2026, 11, 16)]
    assert [NOTE.covers(day) for day in days] == [False, True, True, False]
    assert replace(NOTE, last_day=None).covers(date(2030, 1, 1))
    assert [NOTE.is_about(f"shop-1/{camera}") for camera in ("entrance", "queue")] == [True, False]
    assert replace(NOTE, cameras=()).is_about("shop-1/queue")
