"""How the alert of a rule goes up and down, one window after another. Pure.

An alert is raised by so many windows in a row that break the rule, and cleared by as many that keep it,
hysteresis included. Windows that say nothing end a streak; of an alert that is raised they change nothing.
"""

from typing import Final, Literal

from msgspec.structs import replace

from aggregator.verdicts import Finding, Verdict
from contract.alert_state import AlertState
from contract.announcements import Alert
from contract.events import SCHEMA
from contract.rules import DeviationRule, Rule

Transition = Literal["raised", "cleared"]

CALM: Final = AlertState()


def state_after(
    state: AlertState, rule: Rule, verdict: Verdict, start_ms: int
) -> tuple[AlertState, Transition | None]:
    """The state after one more window, and what changed with it.

    Args:
        state: before; a streak of another measure or of other windows, which the rule asked for before it was
            changed, is none of it.
        rule: whose alert it is.
        verdict: of the rule, on the window.
        start_ms: of the window.
    """
    if state.raised:
        return _while_raised(state, rule, verdict, start_ms)
    if verdict is not Verdict.BROKEN:
        return CALM, None
    measured = rule.measure.value
    goes_on = state.streak and (state.measure, state.resolution) == (measured, rule.resolution)
    streak, since_ms = (state.streak + 1, state.since_ms) if goes_on else (1, start_ms)
    raised = streak >= rule.windows
    after = AlertState(raised, since_ms, streak, measure=measured, resolution=rule.resolution)
    return after, "raised" if raised else None


def _while_raised(
    state: AlertState, rule: Rule, verdict: Verdict, start_ms: int
) -> tuple[AlertState, Transition | None]:
    if verdict is Verdict.UNKNOWN:
        return state, None
    if verdict is not Verdict.KEPT:
        return replace(state, calm=0, calm_since_ms=0), None
    calm_since_ms = state.calm_since_ms if state.calm else start_ms
    after = replace(state, calm=state.calm + 1, calm_since_ms=calm_since_ms)
    return after, "cleared" if after.calm >= rule.windows else None


def alert_of(
    camera: str,
    name: str,
    rule: Rule,
    finding: Finding,
    state: AlertState,
    transition: Transition,
    to_ms: int,
    now_ms: int,
) -> Alert:
    """What is told of a transition.

    Args:
        camera: ``site/camera``.
        name: of the rule.
        rule: that was broken, or is kept again.
        finding: of the last window.
        state: after the transition.
        transition: raised or cleared.
        to_ms: end of the last window.
        now_ms: server time.
    """
    return Alert(
        SCHEMA,
        f"{camera}:{name}:{to_ms}:{transition}",
        camera,
        name,
        transition,
        rule.measure.value,
        rule.resolution,
        state.since_ms if transition == "raised" else state.calm_since_ms,
        to_ms,
        now_ms,
        finding.value,
        finding.limit,
        finding.deviation,
        _sentence(camera, rule, finding, transition),
    )


def alert_without_rule(camera: str, name: str, state: AlertState, now_ms: int) -> Alert:
    """What is told when a rule is taken away while its alert is raised: nobody else would clear it."""
    text = f"{camera}: the rule {name} was taken away, and its alert with it"
    return Alert(
        SCHEMA,
        f"{camera}:{name}:{now_ms}:cleared",
        camera,
        name,
        "cleared",
        state.measure,
        state.resolution,
        0,
        0,
        now_ms,
        None,
        None,
        None,
        text,
    )


def _sentence(camera: str, rule: Rule, finding: Finding, transition: Transition) -> str:
    value = "too few visits to say" if finding.value is None else f"{finding.value:g}"
    windows = f"{rule.windows} × {rule.resolution}" if rule.windows > 1 else str(rule.resolution)
    if isinstance(rule, DeviationRule):
        far = "far from" if transition == "raised" else "near"
        return (
            f"{camera}: mood index {far} what is usual for the hour ({windows}): "
            f"{value}, usually {finding.limit:g} ({finding.deviation:+.1f} standard errors)"
        )
    side, limit = ("below", rule.below) if rule.below is not None else ("above", rule.above)
    again = "" if transition == "raised" else "no longer "
    return f"{camera}: {rule.measure} {again}{side} {limit:g} ({windows}): {value}"
