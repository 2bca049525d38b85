"""What every ``__main__`` does alike: an expected failure ends the process with one line, not a traceback."""

import sys
from collections.abc import Callable
from typing import NoReturn

from runtime.errors import MoodLensError


def run(main: Callable[[], int | None], program: str) -> NoReturn:
    """Runs ``main`` and exits: with its code, or with 1 and one line where it raises a MoodLensError."""
    try:
        code = main() or 0
    except MoodLensError as error:
        sys.stderr.write(f"{program}: {error}\n")
        code = 1
    sys.exit(code)
