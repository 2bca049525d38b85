"""What the device starts: as a Lambda function of Greengrass v1, or ``python3.7 lambda_function.py``."""

from __future__ import annotations

import os
import sys

try:
    import awscam  # type: ignore[import-not-found]  # before cv2, as AWS' software asks for
except ImportError:
    sys.exit("there is no module awscam for this Python: this is no AWS DeepLens, or not its Python 3.7")

from edge.deeplens.device.program import run


def lambda_handler(_event: object, _context: object) -> None:
    """Never called: the function is pinned, and works from its import on."""


def infinite_infer_run() -> None:
    """Is a camera until the process shall end."""
    status = run(awscam, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    if status:
        sys.exit(status)


infinite_infer_run()
