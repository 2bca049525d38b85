"""Programs that stand still past their leases, and go on as if nothing had been."""

import random
from pathlib import Path

import pytest

from tests.support.cameras import flow_of
from tests.support.system import system

FROZEN_S = (8.0, 12.0)
"""Leases last 5 s."""


@pytest.mark.parametrize("rounds", [1, pytest.param(5, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_a_worker_and_an_aggregator_that_stand_still_past_their_leases_double_nothing(
    tmp_path: Path, dice: random.Random, rounds: int
) -> None:
    with system(tmp_path) as whole, flow_of(whole.for_cameras, dice) as flow:
        for _ in range(rounds):
            flow.goes_on(dice.uniform(2, 3))
            with dice.choice(whole.workers).frozen(), dice.choice(whole.aggregators).frozen():
                flow.goes_on(dice.uniform(*FROZEN_S))
        flow.goes_on(4)
        whole.settle(flow).check()
