"""The network fails between the parts of a system, in the ways in which networks do."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support.cameras import USUAL, flow_of
from tests.support.events import utc_ms
from tests.support.ledger import Ledger
from tests.support.link import Cut, Link
from tests.support.services import eventually
from tests.support.system import System, all_cut, system

OUTAGE_S = 30.0
MARGIN_MS = 2_000
"""Around an outage: what was under way when it began, or was sent before its end was noticed."""

TOLD_AGAIN_WITHIN_S = 40.0
RESETS = 8

Links = Sequence[Link | None]


def every_worker_from_redis(whole: System) -> Links:
    return [worker.to_redis for worker in whole.workers]


def a_worker_and_every_aggregator_from_redis(whole: System) -> Links:
    return [whole.workers[0].to_redis, *(part.to_redis for part in whole.aggregators)]


def a_worker_from_the_broker_and_an_aggregator_from_redis(whole: System) -> Links:
    return [whole.workers[0].to_broker, whole.aggregators[0].to_redis]


def every_worker_from_the_broker(whole: System) -> Links:
    return [worker.to_broker for worker in whole.workers]


def the_cameras_from_the_broker(whole: System) -> Links:
    return [whole.cameras_to_broker]


ALL = (
    every_worker_from_redis,
    a_worker_and_every_aggregator_from_redis,
    a_worker_from_the_broker_and_an_aggregator_from_redis,
    every_worker_from_the_broker,
    the_cameras_from_the_broker,
)

COST_NOTHING = (a_worker_and_every_aggregator_from_redis,)
"""A worker without Redis is replaced by the other one, and the log waits for aggregators. In the others crops
of the outage may expire, or be dropped by their cameras: they live for 30 s."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an outage, and when (UTC) frames may have been lost."""

    ledger: Ledger
    outage_ms: tuple[int, int]


def run(folder: Path, dice: random.Random, links: Callable[[System], Links], how: Cut) -> Outcome:
    """An outage in a system of its own."""
    with system(folder, links=True) as whole, flow_of(whole.for_cameras, dice, [USUAL] * 4) as flow:
        flow.goes_on(dice.uniform(3, 5))
        began_ms = utc_ms()
        with all_cut(links(whole), how):
            flow.goes_on(OUTAGE_S)
        ended_ms = utc_ms()
        flow.goes_on(20)  # also tells what cameras dropped: with their next reports
        with suppress(AssertionError):  # a report that was lost may be told again; else the ledger says so
            eventually(
                lambda: not whole.ledger(flow).total("reports_missing"), TOLD_AGAIN_WITHIN_S, every_s=3
            )
        return Outcome(whole.settle(flow), (began_ms - MARGIN_MS, ended_ms + MARGIN_MS))


Outcomes = Callable[[Cut], dict[Callable[[System], Links], Future[Outcome]]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, dice_of: Callable[[str], random.Random]) -> Outcomes:
    """Runs all outages of one kind at once, each in a system of its own, when the first is asked for."""

    @cache
    def of(how: Cut) -> dict[Callable[[System], Links], Future[Outcome]]:
        folder = tmp_path_factory.mktemp(how)
        with ThreadPoolExecutor(len(ALL)) as systems:
            return {
                cut: systems.submit(run, folder / cut.__name__, dice_of(f"{how} {cut.__name__}"), cut, how)
                for cut in ALL
            }

    return of


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("how", "cut"),
    [pytest.param(how, cut, id=f"{how}-{cut.__name__}") for how in Cut for cut in ALL],
)
def test_after_half_a_minute_without_network_all_is_counted_once_or_known_to_be_lost(
    outcomes: Outcomes, how: Cut, cut: Callable[[System], Links]
) -> None:
    outcome = outcomes(how)[cut].result()
    outcome.ledger.check(outage_ms=None if cut in COST_NOTHING else outcome.outage_ms)


def test_connections_that_are_reset_at_any_moment_cost_nothing(tmp_path: Path, dice: random.Random) -> None:
    with system(tmp_path, links=True) as whole, flow_of(whole.for_cameras, dice) as flow:
        flow.goes_on(2)
        for _ in range(RESETS):
            for link in dice.sample(whole.all_links, 3):
                link.reset()
            flow.goes_on(dice.uniform(0.1, 2))
        flow.goes_on(3)
        whole.settle(flow).check()
