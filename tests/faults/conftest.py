"""What the fault tests share: dice whose seed is said, and a word on what was left out.

Where several processes share the tests (pytest-xdist), all have the seed of the one that shares them out.
"""

import os
import random
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SEED_VARIABLE = "MOODLENS_FAULTS_SEED"

_SEED = pytest.StashKey[int]()
_LEFT_OUT = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get(SEED_VARIABLE) or os.environ.get(SEED_VARIABLE)
    config.stash[_SEED] = int(given or secrets.randbelow(1_000_000))
    config.stash[_LEFT_OUT] = 0


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[SEED_VARIABLE] = node.config.stash[_SEED]


def pytest_deselected(items: list[pytest.Item]) -> None:
    left_out = [item for item in items if HERE in item.path.parents and item.get_closest_marker("long")]
    if left_out:
        left_out[0].config.stash[_LEFT_OUT] += len(left_out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash[_LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # each process has left the same ones out
    node.config.stash[_LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


@pytest.fixture(scope="session")
def dice_of(pytestconfig: pytest.Config) -> Callable[[str], random.Random]:
    """Dice for a purpose; the seed of all is said at the end of the run."""
    seed = pytestconfig.stash[_SEED]
    return lambda purpose: random.Random(f"{seed} {purpose}")  # noqa: S311  (no secret)


@pytest.fixture
def dice(request: pytest.FixtureRequest, dice_of: Callable[[str], random.Random]) -> random.Random:
    """All that is random in a test."""
    return dice_of(request.node.name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(
        f"fault tests: {SEED_VARIABLE}={config.stash[_SEED]} repeats their randomness"
    )
    if left_out := config.stash[_LEFT_OUT]:
        terminalreporter.write_line(f"{left_out} long fault tests were left out: `make faults` runs them")
