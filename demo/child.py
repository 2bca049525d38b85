"""``python -m demo.child [--remove FOLDER] -- COMMAND …``: a command that ends when whoever started it does.

Standard input is a pipe that the starter holds open and never writes to. However the starter ends, even by
``kill -9``, the system closes the pipe; then the command is ended with everything it started, and FOLDER is
removed. Where this very process is killed, Linux ends the command as well. It takes a process group of its
own from whoever starts it, so a Ctrl-C in the terminal reaches the starter alone.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from runtime.errors import reason_of

GRACE_S = 3.0
"""After the starter's death, so long for the command to end in order."""

CANNOT_START = 127
KILLED = 128
"""Exit statuses above this say which signal ended the command."""

_PR_SET_PDEATHSIG = 1


def wrap(command: Sequence[str], remove: str = "") -> list[str]:
    """The command line that runs ``command`` so; ``remove``: a folder that must not outlive the starter."""
    removal = ["--remove", remove] if remove else []
    return [sys.executable, "-m", "demo.child", *removal, "--", *command]


def main(arguments: Sequence[str]) -> int:
    """Runs the command; its exit status, or ``KILLED`` + the signal that ended it."""
    split = arguments.index("--")
    folder = arguments[1] if split else ""
    command = arguments[split + 1 :]
    try:
        child = subprocess.Popen(  # noqa: S603  (the demo's own command lines)
            command,
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_this_process if sys.platform == "linux" else None,  # noqa: PLW1509  (no thread yet)
        )
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {reason_of(error)}\n")
        return CANNOT_START

    def forward(_number: int, _frame: FrameType | None) -> None:
        child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    alone = threading.Event()
    watch = threading.Thread(target=_end_with_starter, args=(child, folder, alone), daemon=True)
    watch.start()
    code = child.wait()
    if alone.is_set():
        watch.join()
    return code if code >= 0 else KILLED - code


def _end_with_starter(child: "subprocess.Popen[bytes]", folder: str, alone: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    alone.set()
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_S)
    child.kill()
    child.wait()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # what the command may have left behind, and this process
    os._exit(1)


def _die_with_this_process() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
