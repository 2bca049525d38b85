"""The text of a paper: a file with a little markup, in which particulars are filled in. Pure.

A line that begins with ``# `` is the title, with ``## `` a heading, with ``- `` a point, with ``| `` a row of
a table (the first is its head), with ``? `` what only those who run the store can say; ``---`` alone is a
rule. Other lines that follow one another are a paragraph. ``{name}`` is a particular, ``**…**`` bold,
``[[…]]`` a gap within a line.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby
from typing import Final


class Shape(Enum):
    """What a block is."""

    TITLE = auto()
    HEADING = auto()
    PARAGRAPH = auto()
    POINT = auto()
    TABLE = auto()
    GAP = auto()
    RULE = auto()


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a paper.

    Attributes:
        shape: what it is.
        text: its words; '' for a table and a rule.
        rows: of a table, the head first.
    """

    shape: Shape
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


_MARKS: Final = {
    "# ": Shape.TITLE,
    "## ": Shape.HEADING,
    "- ": Shape.POINT,
    "? ": Shape.GAP,
    "| ": Shape.TABLE,
    "---": Shape.RULE,
}
GAP: Final = re.compile(r"\[\[(.*?)\]\]")
"""A gap within a line; its group says what belongs there."""

_PARTICULAR: Final = re.compile(r"\{(\w+)\}")


def filled(text: str, particulars: Mapping[str, str]) -> str:
    """A text with its particulars.

    Raises:
        KeyError: there is no such particular.
    """
    return _PARTICULAR.sub(lambda match: particulars[match[1]], text)


def blocks(text: str) -> list[Block]:
    """The parts of a filled text, in order."""
    parts: list[Block] = []
    for shape, lines in groupby(text.splitlines(), _shape_of):
        if shape is Shape.PARAGRAPH:
            parts.append(Block(shape, " ".join(lines)))
        elif shape is Shape.TABLE:
            parts.append(Block(shape, rows=tuple(_cells(line) for line in lines)))
        elif shape:
            parts += _each(shape, lines)
    return parts


def _shape_of(line: str) -> Shape | None:
    if not line.strip():
        return None
    return next((shape for mark, shape in _MARKS.items() if line.startswith(mark)), Shape.PARAGRAPH)


def _each(shape: Shape, lines: Iterator[str]) -> Iterator[Block]:
    for line in lines:
        yield Block(shape, "" if shape is Shape.RULE else line.partition(" ")[2])


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
