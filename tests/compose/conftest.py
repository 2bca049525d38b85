"""Tests of the containers: only ``pytest tests/compose -m compose`` runs them, with a docker engine."""

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "compose: the containers, on a real docker engine")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:  # noqa: ARG001
    return None if config.getoption("markexpr") == "compose" else True
