"""Files that fix what must not change by accident."""

from pathlib import Path


def compare(file: Path, content: bytes, *, write: bool) -> None:
    """Holds ``content`` against the file; ``write`` (``pytest --write-golden``) writes the file first."""
    if write:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    assert content == file.read_bytes(), f"{file.name} differs; pytest --write-golden writes it anew"
