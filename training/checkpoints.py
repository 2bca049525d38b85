"""A run folder that came back from a copy made while it was written.

What copies a folder file by file may catch the history of an epoch without its state or its weights. On one
machine that never happens, so ``training.runs`` refuses such a run; this goes back to the newest epoch that
is whole.
"""

import shutil
import zipfile
from pathlib import Path

import msgspec

from runtime.errors import reason_of
from training.errors import RunError
from training.runs import History, RunFolder


def mend_run(path: Path) -> int:
    """Go back to the newest whole epoch of a run, or to the beginning.

    Args:
        path: of the run folder; it may be missing or empty. It is changed.

    Returns:
        The number of epochs that are left.

    Raises:
        RunError: it cannot be read, or is of another version: it is left as it is.
    """
    folder = RunFolder(path)
    try:
        folder.read_settings()
        epochs = folder.read_history().epochs
    except RunError as error:
        if not _is_cut(error.__cause__):
            raise
        epochs = ()
    for count in range(len(epochs), 0, -1):
        history = History(epochs[:count])
        if _is_whole(folder.state(count)) and folder.weights(history.find_best()).is_file():
            if count < len(epochs):
                folder.write_history(history)
            return count
    _empty(path)
    return 0


def _is_cut(cause: BaseException | None) -> bool:
    """Whether a file did not arrive, or not as a whole; else it may be good, and nothing is to be removed."""
    if isinstance(cause, msgspec.ValidationError):  # all of it is there, and means something else
        return False
    return isinstance(cause, (FileNotFoundError, msgspec.DecodeError))


def _is_whole(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.testzip() is None
    except (FileNotFoundError, zipfile.BadZipFile):
        return False
    except OSError as error:
        raise RunError(f"{file} cannot be read ({reason_of(error)})") from error


def _empty(path: Path) -> None:
    """Remove what is in a folder; the folder itself may be what is mounted or watched."""
    for entry in path.iterdir() if path.is_dir() else ():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
