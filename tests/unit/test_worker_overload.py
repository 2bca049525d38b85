"""Ages of frames, second by second, as a worker takes them.

A timeline has one character a second: the age of each frame taken then (a digit; + is 12, ^ is 20), or a dot
where nothing comes.
"""

import pytest

from classifier_worker.overload import CALM_S, Overload

AGES = {**{str(digit): float(digit) for digit in range(10)}, "+": 12.0, "^": 20.0}
A_SECOND = 50


def shed_by_second(timeline: str, overload: Overload | None = None) -> str:
    """``s``: frames were shed in this second, ``-``: none."""
    overload = overload or Overload()
    told = ""
    for second, age in enumerate(timeline):
        shed = [overload.sheds(AGES[age], second + i / A_SECOND) for i in range(A_SECOND) if age != "."]
        told += "s" if any(shed) else "-"
    return told


def test_fresh_frames_are_never_shed() -> None:
    assert shed_by_second("01010110" * 20) == "-" * 160


@pytest.mark.parametrize("timeline", ["0011223344", "00012345", "0123"])
def test_a_backlog_that_grows_is_shed(timeline: str) -> None:
    told = shed_by_second(timeline)
    assert told.endswith("s")
    first = told.index("s")
    assert int(timeline[first]) <= 4, "it took too long"


def test_a_short_stall_is_made_up_for() -> None:
    assert shed_by_second("000" + "1100" + "000") == "-" * 10


def test_what_waited_during_an_outage_is_not_shed_while_it_shrinks() -> None:
    # the worker was away for nine seconds, and takes two a second of what comes
    assert shed_by_second("000.........9988776655443322110000") == "-" * 34


def test_an_outage_made_up_for_slowly_costs_nothing_either() -> None:
    assert shed_by_second("." * 5 + "".join(str(age) * 9 for age in range(9, -1, -1))) == "-" * 95


def test_a_backlog_that_does_not_shrink_is_shed_after_ten_seconds() -> None:
    told = shed_by_second("." * 5 + "7" * 20)
    assert 14 <= told.index("s") <= 16


def test_one_camera_that_sends_what_it_kept_is_no_overload() -> None:
    overload = Overload()
    for second in range(30):
        for i in range(A_SECOND):
            late = i % 2 == 1 and second > 10
            assert not overload.sheds(20.0 if late else 0.0, second + i / A_SECOND)


def test_a_worker_alone_with_a_camera_that_was_cut_off_sheds_nothing() -> None:
    assert shed_by_second("0000" + "." * 20 + "^^++8765432100000") == "-" * 41


def test_under_overload_young_frames_are_served_and_old_ones_are_not() -> None:
    overload = Overload()
    assert shed_by_second("0123", overload).endswith("s")
    assert not overload.sheds(0.1, 4.0)
    assert overload.sheds(1.0, 4.01)
    assert overload.sheds(0.6, 4.02), "a fresh one that waited here"


def test_overload_ends_when_nothing_had_to_be_shed_for_a_while() -> None:
    overload = Overload()
    shed_by_second("0123", overload)
    assert overload.active
    overload.sheds(0.0, 4 + CALM_S / 2)
    assert overload.active
    overload.sheds(0.0, 4 + CALM_S)
    assert not overload.active
