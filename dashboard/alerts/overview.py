"""Alerts of many cameras: what is open, what is past, and what somebody has seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import msgspec

from contract import keys
from contract.alert_state import Acknowledgement, AlertState, S, decode_alert_state, encode_alert_state
from contract.announcements import Alert, decode_announcement
from runtime.redis import Client

LOOKED_AT: Final = 200
"""Entries of a camera's log, the newest."""

Hash = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is raised.

    Attributes:
        camera: ``site/camera``.
        rule: its name.
        state: how it stands.
        told: what was told when it was raised; None where the log no longer holds it.
        seen: who acknowledged this raising and when; None: nobody has.
    """

    camera: str
    rule: str
    state: AlertState
    told: Alert | None
    seen: Acknowledgement | None


@dataclass(frozen=True, slots=True)
class PastAlert:
    """An alert that was raised and is cleared.

    Attributes:
        camera: ``site/camera``.
        rule: its name.
        raised: what was told when it was raised; None where the log no longer holds it.
        cleared: what was told when it was cleared.
    """

    camera: str
    rule: str
    raised: Alert | None
    cleared: Alert

    @property
    def from_ms(self) -> int | None:
        """Start of the first window that broke the rule, UTC; None where that is not known any more."""
        return self.raised.from_ms if self.raised else None

    @property
    def to_ms(self) -> int:
        """Start of the first window that kept the rule again, or when the rule was taken away, UTC."""
        return self.cleared.from_ms or self.cleared.decided_at_ms


@dataclass(frozen=True, slots=True)
class Alerts:
    """Of some cameras, each list the newest first."""

    open: list[OpenAlert]
    past: list[PastAlert]


def read_alerts(client: Client, cameras: Sequence[str]) -> Alerts:
    """How the alerts of ``cameras`` stand, and their past; one round trip for all."""
    with client.pipeline(transaction=False) as pipe:
        for camera in cameras:
            pipe.hgetall(keys.alerts(camera))
            pipe.hgetall(keys.alerts_acked(camera))
            pipe.xrevrange(keys.alerts_log(camera), count=LOOKED_AT)
        replies = iter(pipe.execute())
    raised: list[OpenAlert] = []
    past: list[PastAlert] = []
    for camera in cameras:
        states, acked, entries = next(replies), next(replies), next(replies)
        log = [alert for _, fields in reversed(entries) for alert in _told(fields)]
        raised += open_alerts(camera, _named(states, AlertState), _named(acked, Acknowledgement), log)
        past += past_alerts(log)
    raised.sort(key=lambda alert: alert.state.since_ms, reverse=True)
    past.sort(key=lambda alert: alert.to_ms, reverse=True)
    return Alerts(raised, past)


def acknowledge(client: Client, alert: OpenAlert, at_ms: int, by: str) -> bool:
    """Notes that ``by`` has seen an alert; atomically, beside how it stands.

    Returns:
        False where it is over, or raised anew, since it was read: then there is something new to see.
    """
    script = client.register_script(files(__package__).joinpath("acknowledge.lua").read_text())
    seen = Acknowledgement(alert.state.since_ms, at_ms, by)
    return bool(
        script(
            keys=[keys.alerts(alert.camera), keys.alerts_acked(alert.camera)],
            args=[alert.rule, alert.state.since_ms, encode_alert_state(seen)],
        )
    )


def open_alerts(
    camera: str, states: dict[str, AlertState], acked: dict[str, Acknowledgement], log: Sequence[Alert]
) -> list[OpenAlert]:
    """The alerts that are raised. Pure.

    Args:
        camera: ``site/camera``.
        states: rule → how it stands.
        acked: rule → the raising that somebody has seen.
        log: of the camera, the oldest first.
    """
    told = {alert.rule: alert for alert in log if alert.state == "raised"}
    raised = []
    for rule, state in states.items():
        if not state.raised:
            continue
        newest, seen = told.get(rule), acked.get(rule)
        raised.append(
            OpenAlert(
                camera,
                rule,
                state,
                newest if newest and newest.from_ms == state.since_ms else None,
                seen if seen and seen.since_ms == state.since_ms else None,
            )
        )
    return raised


def past_alerts(log: Sequence[Alert]) -> list[PastAlert]:
    """Raised and cleared, put together. Pure.

    Args:
        log: of one camera, the oldest first.
    """
    raised: dict[str, Alert] = {}
    past = []
    for alert in log:
        if alert.state == "raised":
            raised[alert.rule] = alert
        else:
            past.append(PastAlert(alert.camera, alert.rule, raised.pop(alert.rule, None), alert))
    return past


def _told(fields: Hash) -> Iterator[Alert]:
    try:
        yield decode_announcement(fields[b"alert"], Alert)
    except (KeyError, msgspec.DecodeError):
        return  # of a later version; the others are still worth showing


def _named(fields: Hash, kind: type[S]) -> dict[str, S]:
    decoded = {}
    for name, payload in fields.items():
        try:
            decoded[name.decode()] = decode_alert_state(payload, kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # as above
    return decoded
