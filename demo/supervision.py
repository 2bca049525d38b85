"""Keeping the demo's processes alive."""

from collections.abc import Callable
from dataclasses import dataclass

from demo.children import Child, Say
from demo.errors import ChildDied

PAUSE_MIN_S = 0.5
PAUSE_MAX_S = 15.0
STEADY_S = 30.0
"""Who has run so long counts as well again: the pauses begin anew."""


def pause_s(failures: int) -> float:
    """How long to wait before another start, after so many failures in a row (1 or more)."""
    return float(min(PAUSE_MAX_S, PAUSE_MIN_S * 2 ** (failures - 1)))


@dataclass(slots=True)
class _Ward:
    child: Child
    vital: bool
    started_s: float
    failures: int = 0
    due_s: float | None = None


class Supervisor:
    """Starts what has ended again, after growing pauses.

    Args:
        say: takes a line for the terminal.
        clock: monotonic seconds.
    """

    def __init__(self, say: Say, clock: Callable[[], float]) -> None:
        self._say = say
        self._clock = clock
        self._wards: list[_Ward] = []

    def watch(self, child: Child, *, vital: bool = False) -> None:
        """Takes on a child that runs; without a ``vital`` one the demo cannot go on."""
        self._wards.append(_Ward(child, vital, self._clock()))

    def look(self) -> None:
        """Sees who has ended, and starts who is due.

        Raises:
            ChildDied: a vital one has ended.
        """
        now_s = self._clock()
        for ward in self._wards:
            if ward.due_s is not None and now_s >= ward.due_s:
                ward.due_s, ward.started_s = None, now_s
                ward.child.start()
            elif ward.due_s is None and not ward.child.is_running:
                self._ended(ward, now_s)

    def _ended(self, ward: _Ward, now_s: float) -> None:
        why = ward.child.why_ended()
        ward.child.kill()  # what it may have left behind
        if ward.vital:
            raise ChildDied(f"{ward.child.name} has ended: {why}")
        ward.failures = 1 if now_s - ward.started_s >= STEADY_S else ward.failures + 1
        wait_s = pause_s(ward.failures)
        ward.due_s = now_s + wait_s
        self._say(f"demo: {ward.child.name} has ended: {why}; starting it again in {wait_s:g} s")
