"""``python -m bench.images``: builds every image and writes down how large it is and what it contains."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.errors import BenchError
from runtime.process import run

OUT: Final = Path("docs/benchmarks/images.md")
BASE: Final = "python:3.13-slim"
TARGETS: Final = ("worker", "aggregator", "dashboard", "admin", "producer", "producer-classify", "camera")
_LIST: Final = (
    "import importlib.metadata as m, json; "
    "print(json.dumps(sorted({(d.name.lower(), d.version) for d in m.distributions()})))"
)
_HEAD: Final = """\
# What the images contain

    python -m bench.images        # builds them, and writes this page

Each holds the base image, a Python environment, and the code of its own room with `contract/` and `runtime/`.
The environment has no pip, and nothing in it was compiled here: all are wheels, which exist for amd64 and
arm64. Whether one of these versions has a known fault (this asks the internet):

    pip install pip-audit && pip-audit --no-deps --disable-pip -r constraints.txt

Base: `{base}`, {base_mb:.0f} MB, {debian} Debian packages, {architecture}.

| image | MB | on top of the base | packages |
|---|---:|---:|---|
"""


@dataclass(frozen=True, slots=True)
class Image:
    """An image that was built.

    Attributes:
        size_mb: of all its layers, unpacked.
        packages: name and version of each distribution in its environment.
    """

    target: str
    size_mb: float
    packages: list[tuple[str, str]]


def main() -> None:
    """Builds, looks, writes."""
    base_mb = _size_mb(BASE)
    lines = [
        _HEAD.format(
            base=BASE,
            base_mb=base_mb,
            debian=len(_docker("run", "--rm", BASE, "dpkg-query", "-f", ".\n", "-W").split()),
            architecture=_docker("image", "inspect", "-f", "{{.Architecture}}", BASE),
        ).rstrip("\n")
    ]
    for image in map(_build, TARGETS):
        packages = ", ".join(f"{name} {version}" for name, version in image.packages)
        lines.append(f"| {image.target} | {image.size_mb:.0f} | {image.size_mb - base_mb:.0f} | {packages} |")
    OUT.write_text("\n".join(lines) + "\n")


def _build(target: str) -> Image:
    tag = f"moodlens-measured-{target}"
    _docker("build", "--quiet", "--target", target, "--tag", tag, ".")
    listed = json.loads(_docker("run", "--rm", "--entrypoint", "python", tag, "-c", _LIST))
    packages = [(name, version) for name, version in listed]
    image = Image(target, _size_mb(tag), packages)
    _docker("image", "rm", tag)
    return image


def _size_mb(image: str) -> float:
    return int(_docker("image", "inspect", "-f", "{{.Size}}", image)) / 1e6


def _docker(*arguments: str) -> str:
    try:
        ended = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        raise BenchError("docker is not installed") from None
    if ended.returncode:
        raise BenchError(f"docker {arguments[0]}: {ended.stderr.strip()}")
    return ended.stdout.strip()


if __name__ == "__main__":
    run(main, "bench.images")
