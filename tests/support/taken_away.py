"""Programs whose machine is taken away amid their work: all of it is killed at a known moment."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

_ENDS_WITHIN_S: Final = 600.0

_HOOK: Final = """
import os, signal, sys

seen = 0

def look(event, arguments):
    global seen
    if event == "os.rename" and os.path.basename(arguments[1]) == {name!r}:
        seen += 1
        if seen == 2:
            os.killpg(0, signal.SIGKILL)

sys.addaudithook(look)
"""


def run_until_second(name: str, module: str, arguments: Sequence[str], folder: Path) -> None:
    """Runs ``python -m module`` until something of it would put a file in place for the second time.

    What waits for a first result and then kills may come too late on a busy machine.

    Args:
        name: of the file, which is written aside and renamed.
        module: the program.
        arguments: of it.
        folder: an empty one, for what every Python of the program runs first.
    """
    (folder / "sitecustomize.py").write_text(_HOOK.format(name=name))
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # a process group of its own
    )
    try:
        assert process.wait(_ENDS_WITHIN_S) == -signal.SIGKILL, "it ended by itself"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
