from datetime import UTC

from dashboard.figures.sites import Site
from dashboard.words.notice import K_IS_1, PARTLY_SIMULATED, SIMULATED, notice

REAL = Site("shop-1", k=5, time_zone=UTC, simulated=False)
TRIED = Site("shop-1", k=1, time_zone=UTC, simulated=False)
STAGED = Site("shop-1", k=5, time_zone=UTC, simulated=True)
DEMO = Site("shop-1", k=1, time_zone=UTC, simulated=True)


def test_a_real_store_needs_no_notice() -> None:
    assert notice([]) == ""
    assert notice([REAL, REAL]) == ""


def test_what_is_shown_from_the_first_visit_on_is_said_to_be() -> None:
    assert notice([REAL, TRIED]) == K_IS_1


def test_a_simulated_store_is_told_from_a_real_one() -> None:
    assert notice([STAGED, STAGED]) == SIMULATED
    assert notice([STAGED, REAL]) == PARTLY_SIMULATED


def test_both_are_said_in_one_notice() -> None:
    assert notice([DEMO]) == f"{SIMULATED} {K_IS_1}"
    assert notice([DEMO, REAL]) == f"{PARTLY_SIMULATED} {K_IS_1}"
