"""What closed windows are worth telling: decided from rows, rules and what was decided before. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo

from aggregator.alarms import CALM, alert_of, alert_without_rule, state_after
from aggregator.cells import cells_told, closed_window
from aggregator.standing import Standing
from aggregator.verdicts import SeenWindow, find
from contract.announcements import Alert, Announcement
from contract.rules import Rule
from contract.windows import Resolution


def decide(
    camera: str,
    standing: Standing,
    rules: Mapping[str, Rule],
    windows: Sequence[SeenWindow],
    k: int,
    time_zone: tzinfo,
    now_ms: int,
) -> list[Announcement]:
    """What is to be told when windows of a camera are over.

    The result does not depend on how the windows are cut into calls.

    Args:
        camera: ``site/camera``.
        standing: changed in place; throw it away when its changes cannot be committed.
        rules: name → rule of the camera.
        windows: closed, each once, ascending within a resolution.
        k: least visits that may be told of.
        time_zone: the site's.
        now_ms: server time, for the alerts.
    """
    told: list[Announcement] = []
    for seen in windows:
        window = seen.window
        if standing.judged.get(window.resolution, window.start_ms) != window.start_ms:
            _break_streaks(standing, window.resolution)  # windows were passed over
        standing.judged[window.resolution] = window.end_ms
        if standing.published and window.resolution is standing.published[0]:
            cells = cells_told(standing.waiting, standing.published, window, seen.row, k, time_zone)
            told += [
                closed_window(camera, resolution, cell, k, people=people)
                for resolution, cell, people in cells
            ]
        for name, rule in rules.items():
            if rule.resolution is window.resolution:
                told += _judge(camera, standing, name, rule, seen, k, now_ms)
    return told


def dismiss(camera: str, standing: Standing, known: Collection[str], now_ms: int) -> list[Alert]:
    """Forgets alerts whose rule is gone, and clears those that are raised.

    Args:
        camera: ``site/camera``.
        standing: changed in place.
        known: names of all rules there are, usable or not.
        now_ms: server time.
    """
    gone = [name for name in standing.alerts if name not in known]
    states = {name: standing.alerts.pop(name) for name in gone}
    return [alert_without_rule(camera, name, state, now_ms) for name, state in states.items() if state.raised]


def _break_streaks(standing: Standing, resolution: Resolution) -> None:
    for name, state in list(standing.alerts.items()):
        if state.resolution is resolution and not state.raised:
            del standing.alerts[name]


def _judge(
    camera: str, standing: Standing, name: str, rule: Rule, seen: SeenWindow, k: int, now_ms: int
) -> list[Alert]:
    window = seen.window
    finding = find(rule, seen, k)
    state, transition = state_after(standing.alerts.get(name, CALM), rule, finding.verdict, window.start_ms)
    if state == CALM or transition == "cleared":
        standing.alerts.pop(name, None)
    else:
        standing.alerts[name] = state
    if transition is None:
        return []
    return [alert_of(camera, name, rule, finding, state, transition, window.end_ms, now_ms)]
