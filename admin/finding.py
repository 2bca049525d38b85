"""What an examination of a server finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much it matters."""

    OK = "ok"
    LOOK = "look"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: how much it matters.
        about: what was looked at, in a word or two.
        says: how it is, one plain line.
        advice: what to do; '' where there is nothing to be done.
    """

    level: Level
    about: str
    says: str
    advice: str = ""


def ok(about: str, says: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, about, says)


def look(about: str, says: str, advice: str) -> Finding:
    """Not as it should be, and nothing is lost by it yet."""
    return Finding(Level.LOOK, about, says, advice)


def act(about: str, says: str, advice: str) -> Finding:
    """Something is lost, or will be soon."""
    return Finding(Level.ACT, about, says, advice)


def worst(findings: Iterable[Finding]) -> Level:
    """The gravest level among them."""
    levels = list(Level)
    return max((finding.level for finding in findings), key=levels.index, default=Level.OK)
