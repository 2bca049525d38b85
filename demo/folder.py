"""The folder of the demo's servers, gone when it ends."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.errors import NoFolder
from runtime.errors import reason_of


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A fresh folder, removed at the end.

    Raises:
        NoFolder: the disk is full, or there is no permission.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="moodlens-demo-"))
    except OSError as error:
        raise NoFolder(f"cannot make a temporary folder: {reason_of(error)}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
