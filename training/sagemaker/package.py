"""The code that a job runs: ``sourcedir.tar.gz``, the same bytes for the same code."""

import gzip
import importlib.metadata
import io
import tarfile
from pathlib import Path
from typing import Final

from training.errors import AwsError

PROGRAM: Final = "sagemaker_entry.py"
"""Runs in the folder that the archive is unpacked to, beside the packages."""

REQUIREMENTS: Final = (
    "ai-edge-litert", "keras", "matplotlib", "msgspec", "opencv-python-headless", "rich", "scipy",
)  # fmt: skip
"""What the packed code imports besides TensorFlow and NumPy, which the image brings."""

_TOP: Final = Path(__file__).parents[2]
_PATTERNS: Final = ("training/**/*.py", "contract/*.py", "runtime/__init__.py", "runtime/errors.py")


def pack_code() -> bytes:
    """Pack the entry point, what it imports of ours, and the requirements in the versions used here.

    Raises:
        AwsError: a requirement is not installed here.
    """
    files = {
        path.relative_to(_TOP).as_posix(): path.read_bytes()
        for pattern in _PATTERNS
        for path in _TOP.glob(pattern)
    }
    files[PROGRAM] = (Path(__file__).parent / "entry.py").read_bytes()
    files["requirements.txt"] = pin_requirements().encode()
    packed = io.BytesIO()
    # no names, owners and times of this machine: the same code is the same object on S3
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def pin_requirements() -> str:
    """Lines of a requirements.txt.

    Raises:
        AwsError: one is not installed here.
    """
    try:
        return "".join(f"{name}=={importlib.metadata.version(name)}\n" for name in REQUIREMENTS)
    except importlib.metadata.PackageNotFoundError as error:
        raise AwsError(
            f"{error.name} is not installed: pip install -c constraints.txt -e '.[training]'"
        ) from error
