"""Alerts as aggregators leave them in Redis."""

import redis

from contract import keys
from contract.alert_state import AlertState, encode_alert_state
from contract.announcements import Alert, encode_announcement
from contract.windows import WINDOW_MS, Resolution
from tests.support.events import CAMERA

HOUR_MS = WINDOW_MS[Resolution.HOUR]


def raise_alert(client: redis.Redis, since_ms: int, value: float = -0.21) -> None:
    """The rule ``gloomy`` of ``CAMERA`` is broken since ``since_ms``."""
    state = AlertState(raised=True, since_ms=since_ms, streak=3, measure="index")
    told = Alert(
        schema=1,
        id=str(since_ms),
        camera=CAMERA,
        rule="gloomy",
        state="raised",
        measure="index",
        resolution=Resolution.QUARTER,
        from_ms=since_ms,
        to_ms=since_ms + HOUR_MS,
        decided_at_ms=since_ms + HOUR_MS,
        value=value,
        limit=0.0,
        deviation=None,
        text="",
    )
    client.hset(keys.alerts(CAMERA), "gloomy", encode_alert_state(state))
    client.xadd(keys.alerts_log(CAMERA), {"alert": encode_announcement(told)})
