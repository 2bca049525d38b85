"""Whoever guesses passwords waits ever longer; whoever knows theirs does not."""

import pytest

from dashboard.access.throttle import FORGOTTEN_S, KEYS_MAX, WAIT_MAX_S, WAIT_S, Throttle
from tests.support.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_wrong_passwords_cost_ever_longer_waits(clock: Clock) -> None:
    throttle = Throttle(3, clock.now_s)
    for _ in range(3):
        assert throttle.wait_s("ben") == 0
        throttle.count("ben")
    assert throttle.wait_s("ben") == WAIT_S
    assert throttle.wait_s("ann") == 0
    clock.s += WAIT_S - 1
    assert throttle.wait_s("ben") == 1
    clock.s += 1
    assert throttle.wait_s("ben") == 0
    throttle.count("ben")
    assert throttle.wait_s("ben") == 2 * WAIT_S
    for _ in range(2_000):
        throttle.count("ben")
    assert throttle.wait_s("ben") == WAIT_MAX_S
    clock.s += FORGOTTEN_S
    assert throttle.wait_s("ben") == 0
    throttle.count("ben")
    assert throttle.wait_s("ben") == 0, "counted from one again"


def test_the_right_password_clears_the_count(clock: Clock) -> None:
    throttle = Throttle(2, clock.now_s)
    for _ in range(2):
        throttle.count("ben")
    throttle.forget("ben")
    assert throttle.wait_s("ben") == 0
    throttle.count("ben")
    throttle.take_back("ben")
    throttle.count("ben")
    assert throttle.wait_s("ben") == 0
    throttle.count("ben")
    assert throttle.wait_s("ben") == WAIT_S


def test_the_right_password_of_one_does_not_make_others_wait_longer(clock: Clock) -> None:
    throttle = Throttle(2, clock.now_s)
    for _ in range(2):
        throttle.count("office")
    clock.s += WAIT_S
    assert throttle.wait_s("office") == 0
    throttle.count("office")
    throttle.take_back("office")
    assert throttle.wait_s("office") == 0


def test_the_throttle_remembers_a_bounded_number_and_forgets_the_oldest(clock: Clock) -> None:
    throttle = Throttle(1, clock.now_s)
    for number in range(KEYS_MAX + 1):
        throttle.count(number)
    assert throttle.wait_s(0) == 0
    assert throttle.wait_s(1) == WAIT_S
    assert throttle.wait_s(KEYS_MAX) == WAIT_S
