"""Markdown as our pages are written in it."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    cells = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in cells)


def _cell(content: object) -> str:
    return " ".join(str(content).replace("|", "\\|").split())
