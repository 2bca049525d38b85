"""The servers go and come back while frames flow."""

import random
from pathlib import Path

from tests.support.cameras import Flow, flow_of
from tests.support.services import Mosquitto, RedisServer
from tests.support.system import system

DOWN_S = (0.0, 2.0)
UP_S = (2.0, 4.0)
UNSAVED_MAX = 100
"""Messages a broker may lose with each kill: what nobody has taken since its last save."""


def restart(server: Mosquitto | RedisServer, flow: Flow, dice: random.Random, *, killed: bool) -> None:
    flow.goes_on(dice.uniform(*UP_S))
    if killed:
        server.process.kill()
    else:
        server.stop()
    flow.goes_on(dice.uniform(*DOWN_S))
    server.start()


def test_a_redis_that_comes_back_from_a_restart_or_a_kill_has_lost_and_doubled_nothing(
    tmp_path: Path, dice: random.Random
) -> None:
    with system(tmp_path) as whole, flow_of(whole.for_cameras, dice) as flow:
        restart(whole.redis, flow, dice, killed=False)
        restart(whole.redis, flow, dice, killed=True)
        flow.goes_on(3)
        whole.settle(flow).check()


def test_a_broker_that_is_restarted_in_order_loses_and_doubles_nothing(
    tmp_path: Path, dice: random.Random
) -> None:
    with system(tmp_path) as whole, flow_of(whole.for_cameras, dice) as flow:
        for _ in range(2):
            restart(whole.broker, flow, dice, killed=False)
        flow.goes_on(3)
        whole.settle(flow).check()


def test_a_killed_broker_loses_at_most_what_it_had_not_saved_and_doubles_nothing(
    tmp_path: Path, dice: random.Random
) -> None:
    with system(tmp_path) as whole, flow_of(whole.for_cameras, dice) as flow:
        for _ in range(2):
            restart(whole.broker, flow, dice, killed=True)
        flow.goes_on(3)
        whole.settle(flow).check(expired=2 * UNSAVED_MAX, reports_missing=2 * len(flow.published))
