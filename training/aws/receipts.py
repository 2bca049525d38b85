"""What a folder holds of S3: one line of JSON an object, so that what is there is not fetched again."""

from pathlib import Path
from typing import Final

import msgspec

FILE: Final = ".s3-receipts.jsonl"
"""Hidden, so no data set takes it for an image."""


class Receipt(msgspec.Struct, frozen=True):
    """An object that was fetched whole.

    Attributes:
        name: of the file, relative to the folder.
        source: ``s3://bucket/key`` that it came from.
        etag: of the object; another one is another content.
        size: of the file, bytes.
        modified_ns: when the file was last written, as the file system says.
    """

    name: str
    source: str
    etag: str
    size: int
    modified_ns: int


class Receipts:
    """The receipts of one folder.

    Args:
        folder: that the files lie in; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.by_name = {receipt.name: receipt for receipt in _read(folder / FILE)}

    def covers(self, name: str, source: str, etag: str) -> bool:
        """Whether the file is there, as it was fetched from this object in this state."""
        receipt = self.by_name.get(name)
        return receipt is not None and receipt == self._describe(name, source, etag)

    def add(self, name: str, source: str, etag: str) -> None:
        """Note that a file was fetched and verified."""
        receipt = self._describe(name, source, etag)
        if receipt:
            with (self._folder / FILE).open("ab") as file:
                file.write(msgspec.json.encode(receipt) + b"\n")
            self.by_name[name] = receipt

    def _describe(self, name: str, source: str, etag: str) -> Receipt | None:
        try:
            status = (self._folder / name).stat()
        except OSError:
            return None
        return Receipt(name, source, etag, status.st_size, status.st_mtime_ns)


def _read(file: Path) -> list[Receipt]:
    """All readable receipts, the newest of a file last; a line that was cut short counts as none."""
    receipts = []
    for line in file.read_bytes().splitlines() if file.exists() else ():
        try:
            receipts.append(msgspec.json.decode(line, type=Receipt))
        except msgspec.MsgspecError:
            continue
    return receipts
