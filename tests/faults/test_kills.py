"""Workers and aggregators are killed while frames flow, and replaced: nothing is lost, nothing doubled."""

import random
from pathlib import Path

import pytest

from classifier_worker.slot import SESSION_EXPIRY_S
from tests.support.cameras import flow_of
from tests.support.events import utc_ms
from tests.support.services import eventually
from tests.support.system import system

BETWEEN_S = (0.2, 2.5)
MARGIN_MS = 2_000
SLOW_S = 10.0
"""Where programs need longer to begin, a worker is killed when all others have begun: crops live for 30 s."""

ADOPTED_WITHIN_S = 20.0
"""A lease lasts 5 s, and others look every 2 s; a crop lives for 30 s."""


@pytest.mark.parametrize(
    "kills_each", [3, pytest.param(10, marks=[pytest.mark.long, pytest.mark.timeout(600)])]
)
def test_killed_workers_and_aggregators_lose_and_double_nothing(
    tmp_path: Path, dice: random.Random, kills_each: int
) -> None:
    with system(tmp_path) as whole, flow_of(whole.for_cameras, dice) as flow:
        kinds = [whole.workers, whole.aggregators] * kills_each
        dice.shuffle(kinds)
        for kind in kinds:
            flow.goes_on(dice.uniform(*BETWEEN_S))
            if kind is whole.workers and whole.began_in_s > SLOW_S:
                for worker in whole.workers:
                    whole.wait_for(worker)
            dice.choice(kind).kill_and_replace()
        flow.goes_on(3)
        whole.settle(flow).check()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_lone_worker_and_a_lone_aggregator_are_killed_again_and_again(
    tmp_path: Path, dice: random.Random
) -> None:
    with (
        system(tmp_path, workers=1, aggregators=1) as whole,
        flow_of(whole.for_cameras, dice) as flow,
    ):
        for part in [*whole.workers, *whole.aggregators] * 5:
            flow.goes_on(dice.uniform(*BETWEEN_S))
            part.kill_and_replace()
        flow.goes_on(3)
        whole.settle(flow).check()


@pytest.mark.long
def test_what_a_dead_worker_had_in_its_hands_is_fetched_while_frames_still_flow(
    tmp_path: Path, dice: random.Random
) -> None:
    with system(tmp_path) as whole, flow_of(whole.for_cameras, dice) as flow:
        flow.goes_on(3)
        whole.workers[0].kill_and_replace()
        flow.goes_on(ADOPTED_WITHIN_S)
        assert whole.ledger(flow).oldest_missing_s() < ADOPTED_WITHIN_S / 2
        whole.settle(flow).check()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_reports_outlive_the_workers_that_were_to_take_them(tmp_path: Path, dice: random.Random) -> None:
    with system(tmp_path, workers=1, aggregators=1) as whole, flow_of(whole.for_cameras, dice) as flow:
        flow.goes_on(3)
        died_ms = utc_ms()
        whole.workers[0].process.kill()
        flow.goes_on(SESSION_EXPIRY_S + 10)
        whole.workers[0].process.start()
        eventually(lambda: not whole.ledger(flow).total("reports_missing"), 60, "all reports", every_s=1)
        whole.settle(flow).check(outage_ms=(died_ms - MARGIN_MS, utc_ms()))
