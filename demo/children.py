"""The demo's processes: started, listened to, ended."""

import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from demo.child import KILLED, wrap

Say = Callable[[str], None]

_CHATTER = "INFO:"
"""What LiteRT's native code says on standard error when all is well."""

RECENT_S = 5.0
"""A line older than this does not tell why a process ended."""

_LAST_WORDS_S = 0.5


@dataclass(frozen=True, slots=True)
class Command:
    """What to start.

    Attributes:
        name: of the process, for people.
        command: command line.
        environment: the whole of it.
        program: what the process' own error lines begin with, if not the name.
        quiet: only its last words matter, not what it says while it runs.
        remove: a folder that must not outlive the demo, however that ends.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    program: str = ""
    quiet: bool = False
    remove: str = ""


class Child:
    """A process that ends when the demo does; its lines are passed on with its name before them.

    Args:
        command: what to start.
        say: takes a line for the terminal.
        verbose: pass on everything it says, not only its standard error.
    """

    def __init__(self, command: Command, say: Say, *, verbose: bool) -> None:
        self.name = command.name
        self._program = command.program or command.name
        self._command = command
        self._say = say
        self._verbose = verbose
        self._process: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []
        self._last: dict[str, tuple[float, str]] = {}
        self._asked = False

    def start(self) -> None:
        """Starts the process, again if it has ended."""
        self._last = {}
        self._asked = False
        self._process = subprocess.Popen(  # noqa: S603  (the demo's own command lines)
            wrap(self._command.command, self._command.remove),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(self._command.environment),
            text=True,
            errors="replace",
            start_new_session=True,
        )
        shown = self._verbose or not self._command.quiet
        self._readers = []
        for kind, stream, pass_on in (
            ("stdout", self._process.stdout, self._verbose),
            ("stderr", self._process.stderr, shown),
        ):
            reader = threading.Thread(target=self._listen, args=(kind, stream, pass_on), daemon=True)
            reader.start()
            self._readers.append(reader)

    @property
    def pid(self) -> int | None:
        """Of the process that holds the command, where it was started."""
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def why_ended(self) -> str:
        """Its last line of error, or how it ended; for a process that has ended."""
        for reader in self._readers:
            reader.join(_LAST_WORDS_S)
        line = self._last_words()
        code = self._process.returncode if self._process else None
        if code is not None and 0 <= code < KILLED and line:
            return line
        return f"{how_ended(code)}; its last line: {line}" if line else how_ended(code)

    def ask_to_stop(self) -> None:
        """Tells the process to end, without waiting for it; once: a second signal would cut that short."""
        if self._process and self._process.poll() is None and not self._asked:
            self._asked = True
            self._process.terminate()

    def stop(self, within_s: float) -> None:
        """Asks the process to end, and ends it with all it started where it does not in time."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            self.ask_to_stop()
            with suppress(subprocess.TimeoutExpired):
                process.wait(within_s)
        self.kill()

    def kill(self) -> None:
        """Ends the process and all that it started, at once."""
        process = self._process
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):  # macOS: no permission on what has ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin:
            process.stdin.close()

    def _last_words(self) -> str:
        since_s = time.monotonic() - RECENT_S
        for kind in ("stderr", "stdout"):
            said_s, text = self._last.get(kind, (-math.inf, ""))
            if said_s >= since_s:
                return text.removeprefix(f"{self._program}: ")
        return ""

    def _listen(self, kind: str, stream: IO[str], pass_on: bool) -> None:
        with stream:
            for line in stream:
                text = line.rstrip()
                if not text or (text.startswith(_CHATTER) and not self._verbose):
                    continue
                self._last[kind] = (time.monotonic(), text)
                # a line under its own name is why it ends: that is told by who finds it ended
                if pass_on and (self._verbose or not text.startswith(f"{self._program}: ")):
                    self._say(f"[{self.name}] {text}")


def how_ended(code: int | None) -> str:
    """An exit status in words: of ``demo.child``, or negative where that was killed itself."""
    if code is None:
        return "it was never started"
    number = -code if code < 0 else code - KILLED
    if number > 0:
        try:
            return f"ended by {signal.Signals(number).name}"
        except ValueError:
            pass
    return f"exit status {code}"
