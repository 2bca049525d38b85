"""Tests of the containers: only ``pytest tests/compose -m compose`` runs them, with a docker engine."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose.stack import Stack, docker


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "compose: the containers, on a real docker engine")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:  # noqa: ARG001
    return None if config.getoption("markexpr") == "compose" else True


@pytest.fixture(scope="session")
def engine() -> str:
    """Version of a docker engine that answers, and with compose."""
    if not shutil.which("docker"):
        pytest.skip("docker is not installed")
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            pytest.skip(f"{' '.join(command)}: {ended.stderr.strip()}")
    return docker("version", "--format", "{{.Server.Version}}")


@pytest.fixture(scope="session")
def stack(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Built; whatever of it was started is gone afterwards, its images and volumes too."""
    stack = Stack(tmp_path_factory.mktemp(f"compose-{engine}"))
    profiles = [word for name in ("demo", "admin", "webcam") for word in ("--profile", name)]
    try:
        stack.compose(*profiles, "build")
        yield stack
    finally:
        stack.compose(*profiles, "down", "--volumes", "--rmi", "local", "--remove-orphans")
        ours = ["--quiet", "--filter", f"label=com.docker.compose.project={stack.name}"]
        left = [docker(kind, "ls", *ours) for kind in ("container", "volume", "network", "image")]
        assert left == [""] * 4
