"""What the fault tests share: dice whose seed is said, and a word on what was left out."""

import os
import random
import secrets
from collections.abc import Callable

import pytest

SEED_VARIABLE = "MOODLENS_FAULTS_SEED"
SEED = int(os.environ.get(SEED_VARIABLE) or secrets.randbelow(1_000_000))

_USED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def dice_of(pytestconfig: pytest.Config) -> Callable[[str], random.Random]:
    """Dice for a purpose; the seed of all is said at the end of the run."""
    pytestconfig.stash[_USED] = True
    return lambda purpose: random.Random(f"{SEED} {purpose}")  # noqa: S311  (no secret)


@pytest.fixture
def dice(request: pytest.FixtureRequest, dice_of: Callable[[str], random.Random]) -> random.Random:
    """All that is random in a test."""
    return dice_of(request.node.name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash.get(_USED, False):
        terminalreporter.write_line(f"fault tests: {SEED_VARIABLE}={SEED} repeats their randomness")
    left_out = [
        item for item in terminalreporter.stats.get("deselected", []) if item.get_closest_marker("long")
    ]
    if left_out:
        terminalreporter.write_line(
            f"{len(left_out)} long fault tests were left out: `make faults` runs them"
        )
