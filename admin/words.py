"""Words of a language, for papers and tables: what is stored, and how long. They lie in files."""

import tomllib
from datetime import date
from enum import StrEnum
from importlib.resources import files
from typing import Final

import msgspec

from admin.inventory import Kind

PAPERS: Final = files(__package__).joinpath("papers")
"""Folder of the words and of the texts of papers."""

_UNITS_MS: Final = {
    "year": 365 * 86_400_000,
    "day": 86_400_000,
    "hour": 3_600_000,
    "minute": 60_000,
    "second": 1_000,
}
_FROM_MS: Final = {**_UNITS_MS, "year": 2 * _UNITS_MS["year"], "day": 2 * _UNITS_MS["day"]}
"""What is said in years, days, … is at least so long: 400 days are no year."""


class Language(StrEnum):
    """Of a paper; the value is its code in file names."""

    ENGLISH = "en"
    GERMAN = "de"


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at_most: str
    entries: str
    passing: str
    stays: str


class NoticeWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words around the texts of papers.

    Attributes:
        purpose: what for, where nothing else is said.
        controller: stands where nobody is named.
        gap: above an empty field.
        page: at the foot of a page.
        advice: what a paper is not.
    """

    purpose: str
    controller: str
    gap: str
    page: str
    advice: str


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of a language.

    Attributes:
        language: its own name for itself.
        date_format: as ``strftime`` takes it.
        thousands: between groups of three digits.
        expressions: label → adjective.
        units: unit → one of it, several.
        notice: around the texts of papers.
        kept_words: how long something is kept where that is no time.
        stored: name of a kind of key → what it holds.
    """

    language: str
    date_format: str
    thousands: str
    expressions: dict[str, str]
    units: dict[str, tuple[str, str]]
    notice: NoticeWords
    kept_words: _Kept = msgspec.field(name="kept")
    stored: dict[str, str]

    def number(self, value: int) -> str:
        """With its groups of three digits."""
        return f"{value:,}".replace(",", self.thousands)

    def day(self, when: date) -> str:
        """A date."""
        return when.strftime(self.date_format)

    def duration(self, ms: int) -> str:
        """Rounded down to whole days below two years, to hours below two days, and so on: ``400 days``."""
        unit = next((unit for unit, least_ms in _FROM_MS.items() if ms >= least_ms), "second")
        count = ms // _UNITS_MS[unit]
        return f"{self.number(count)} {self.units[unit][count != 1]}"

    def at_most(self, ms: int) -> str:
        """A duration that is a bound."""
        return self.kept_words.at_most.format(span=self.duration(ms))

    def kept(self, kind: Kind) -> str:
        """How long a kind of key is kept."""
        if kind.kept_ms is not None:
            return self.duration(kind.kept_ms)
        if kind.entries is not None:
            return self.kept_words.entries.format(entries=self.number(kind.entries))
        return self.kept_words.passing if kind.expires else self.kept_words.stays


def read_words(language: Language) -> Words:
    """The words of a language."""
    text = PAPERS.joinpath(f"words.{language}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Words)
