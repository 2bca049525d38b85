"""Where the images come from: a folder or a zip file, read through the same three members."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runtime.errors import reason_of
from training.errors import DatasetError

MAX_IMAGE_BYTES = 1 << 20
"""A 48×48 JPEG has about 1.5 kB; a file a thousand times that is not one, and is not read into memory."""


@dataclass(frozen=True)
class Source:
    """The files of a data set, desktop systems' clutter left out.

    Attributes:
        folders: relative paths with forward slashes, every level listed.
        files: likewise.
        read: gives the bytes of one of the files.
    """

    folders: frozenset[str]
    files: tuple[str, ...]
    read: Callable[[str], bytes]


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a folder or a zip file; nothing is unpacked to disk.

    Raises:
        DatasetError: the path is missing or neither; later, from ``read``: a file is unreadable or too large.
    """
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error}") from None
    if is_folder:
        yield _list_folder(path)
        return
    if not is_there:
        raise DatasetError(f"{path} does not exist")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DatasetError(f"{path} is neither a folder nor a readable zip file ({error})") from error
    with archive:
        yield _list_zip(archive)


def _list_folder(top: Path) -> Source:
    entries = [(entry, entry.relative_to(top).as_posix()) for entry in top.rglob("*")]

    def read(file: str) -> bytes:
        try:
            if (top / file).stat().st_size > MAX_IMAGE_BYTES:
                raise DatasetError(f"{file} is too large for an image of this kind")
            return (top / file).read_bytes()
        except OSError as error:
            raise DatasetError(f"{file} cannot be read ({reason_of(error)})") from error

    folders = frozenset(name for entry, name in entries if entry.is_dir() and not _is_clutter(name))
    return Source(
        folders, tuple(name for entry, name in entries if entry.is_file() and not _is_clutter(name)), read
    )


def _list_zip(archive: zipfile.ZipFile) -> Source:
    entries = [entry for entry in archive.infolist() if not _is_clutter(entry.filename)]
    files = tuple(entry.filename for entry in entries if not entry.is_dir())
    # many archives list files only, so the folders are those on the way to any entry
    folders = {entry.filename.rstrip("/") for entry in entries if entry.is_dir()}
    folders |= {parent.as_posix() for entry in entries for parent in PurePosixPath(entry.filename).parents}

    def read(file: str) -> bytes:
        if archive.getinfo(file).file_size > MAX_IMAGE_BYTES:
            raise DatasetError(f"{file} is too large for an image of this kind")
        try:
            return archive.read(file)
        # RuntimeError: encrypted; NotImplementedError is one, for unknown compression
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise DatasetError(f"{file} cannot be unpacked ({error})") from error

    return Source(frozenset(folders - {"."}), files, read)


def _is_clutter(name: str) -> bool:
    """Whether a path is what desktop systems leave behind (``.DS_Store``, ``__MACOSX/``, ``Thumbs.db``)."""
    return any(part.startswith((".", "__")) or part == "Thumbs.db" for part in name.split("/"))
