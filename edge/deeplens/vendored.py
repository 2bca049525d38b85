"""Other people's packages in the zip: wheels that run on the device's Python 3.7, checked by their digest."""

import subprocess
import sys
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

from edge.errors import EdgeRefused

FOLDER = Path(__file__).parent
ALWAYS = FOLDER / "vendored.txt"
FOR_EMOTIONS = FOLDER / "vendored-emotions.txt"
FETCH_TIMEOUT_S = 300


def fetch_wheels(requirements: Path) -> list[bytes]:
    """The wheels of a file of pinned requirements, from the package index that pip is set to.

    Raises:
        EdgeRefused: the index does not give them, or gives others.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", folder),
            *("--python-version", "3.7", "--implementation", "cp", "--abi", "cp37m", "--abi", "none"),
            *("--platform", "manylinux2014_x86_64", "--platform", "any", "--requirement", str(requirements)),
        ]
        try:
            done = subprocess.run(  # noqa: S603  (our own arguments)
                command, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise EdgeRefused(
                f"the package index does not answer: {requirements.name} is not fetched"
            ) from None
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            raise EdgeRefused(
                f"pip cannot fetch {requirements.name}: {said[-1] if said else done.returncode}"
            )
        return [wheel.read_bytes() for wheel in sorted(Path(folder).glob("*.whl"))]


def unpack(wheel: bytes) -> dict[str, bytes]:
    """Name → content of a wheel's files, its licence among them."""
    with zipfile.ZipFile(BytesIO(wheel)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
