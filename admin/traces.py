"""Looks for pictures in logs and in folders of files."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from admin.errors import Refused
from admin.misfits import Misfit
from admin.pictures import OVERLAP, is_raw, pictures
from contract.events import CROP_BYTES
from runtime.errors import reason_of

PIECE: Final = 1_000_000
"""Bytes looked through at once."""


@dataclass(slots=True)
class Traces:
    """What was looked through.

    Attributes:
        files, bytes: how much; a log is one file.
        misfits: what should not be there.
    """

    files: int = 0
    bytes: int = 0
    misfits: list[Misfit] = field(default_factory=list)


def look_through_log(log: BinaryIO, name: str) -> Traces:
    """Looks through a log, where all should be text; misfits name its lines."""
    seen = Traces(files=1)
    told: dict[Misfit, None] = {}
    line = 1
    for piece, fresh in _pieces(log):
        first = line - piece[: len(piece) - fresh].count(b"\n")
        told |= dict.fromkeys(_in_lines(piece, first, name))
        line += piece[len(piece) - fresh :].count(b"\n")
        seen.bytes += fresh
    seen.misfits = list(told)
    return seen


def look_through_folder(folder: Path) -> Traces:
    """Looks through all files below a folder, whatever they are; misfits name the file.

    Raises:
        Refused: there is no such folder.
    """
    if not folder.is_dir():
        raise Refused(f"there is no folder {folder}")
    seen = Traces()

    def note_unread(error: OSError) -> None:
        seen.misfits.append(Misfit(str(error.filename), f"it cannot be read: {reason_of(error)}"))

    walk = os.walk(folder, onerror=note_unread)
    for path in sorted(Path(at) / name for at, _, names in walk for name in names):
        found: dict[str, None] = {}
        try:
            if path.is_symlink() or not path.is_file():
                continue
            seen.files += 1
            with path.open("rb") as file:
                for piece, fresh in _pieces(file):
                    found |= dict.fromkeys(pictures(piece))
                    seen.bytes += fresh
        except OSError as error:
            found[f"it cannot be read: {reason_of(error)}"] = None
        seen.misfits += [Misfit(str(path), what) for what in found]
    return seen


def _pieces(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """A file in pieces that overlap, and how much of each is new."""
    before = b""
    while fresh := file.read(PIECE):
        piece = before + fresh
        yield piece, len(fresh)
        before = piece[-OVERLAP:]


def _in_lines(piece: bytes, first: int, name: str) -> Iterator[Misfit]:
    left = set(_faults(piece))
    if not left:
        return
    lines = piece.split(b"\n")
    for at, line in enumerate(lines, first):
        for what in _faults(line):
            yield Misfit(f"{name}, line {at:,}", what)
            left.discard(what)
    for what in sorted(left):  # it holds line ends itself
        begin, end = _narrowed(lines, what)
        yield Misfit(f"{name}, lines {first + begin:,} to {first + end - 1:,}", what)


def _narrowed(lines: list[bytes], what: str) -> tuple[int, int]:
    """Few lines that show something together: the first, and the one after the last."""
    begin, end = 0, len(lines)
    while end - begin > 1:
        middle = (begin + end) // 2
        if what in _faults(b"\n".join(lines[begin:middle])):
            end = middle
        elif what in _faults(b"\n".join(lines[middle:end])):
            begin = middle
        else:
            break
    return begin, end


def _faults(text: bytes) -> list[str]:
    return pictures(text) + (["bytes that are no text"] if is_raw(text, CROP_BYTES) else [])
