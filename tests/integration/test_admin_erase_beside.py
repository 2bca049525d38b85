"""Erasing beside what runs: aggregators go on, nobody is told of it any more, dashboards forget it."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from admin.eraser import Eraser, Wanted
from contract import keys
from contract.announcements import Alert, encode_announcement
from contract.events import SCHEMA
from contract.windows import Resolution
from dashboard.figures.store import WindowStore
from dashboard.shell import context
from runtime.redis import Client
from runtime.windows import read_windows
from tests.support.erasures import BERLIN, CAMERA, FROM_MS, OTHER, TO_MS, eraser, hours, local_ms, past
from tests.support.events import utc_ms
from tests.support.pasts import HOUR_MS, VISITS, PastCamera
from tests.support.services import RedisServer


def test_what_waits_to_be_told_goes_too(any_redis: Client) -> None:
    noon = ZoneInfo(f"Etc/GMT{datetime.now(UTC).hour - 12:+d}")  # where no day ends within these hours
    any_redis.hset(keys.site("shop-1"), mapping={"time_zone": str(noon), "k": 100})
    now_ms = utc_ms() // HOUR_MS * HOUR_MS
    camera = PastCamera(any_redis, CAMERA)
    camera.sees(hours(now_ms - 8 * HOUR_MS, now_ms - 3 * HOUR_MS))
    camera.fold()

    def cells() -> list[bytes]:
        fields: Any = any_redis.hkeys(keys.outlet(CAMERA))
        return [name for name in fields if name.startswith(b"cell:")]

    assert cells() == [b"cell:15min:15min"]
    Eraser(any_redis, Wanted(CAMERA, "", now_ms - 8 * HOUR_MS, now_ms - 6 * HOUR_MS, noon)).erase("ann", "")
    assert cells() == []
    camera.fold()
    assert cells() == [], "an aggregator has it in its memory"


def test_an_aggregator_goes_on_beside_it(any_redis: Client) -> None:
    camera = past(any_redis)
    eraser(any_redis, to_ms=local_ms(0)).erase("ann", "")
    camera.sees([local_ms(0)])
    camera.fold()
    counted = read_windows(any_redis, CAMERA, Resolution.DAY, local_ms(6), utc_ms(), BERLIN)
    left = len(hours(local_ms(5), FROM_MS)) + 1
    assert int(counted.column("visits").sum()) == VISITS * left


def test_alerts_of_the_time_go_with_it_and_others_stay(any_redis: Client) -> None:
    past(any_redis)
    outbox = keys.outbox(keys.partition_of(CAMERA), keys.WEBHOOK)
    topics = {camera: f"moodlens/v1/{camera}/alerts" for camera in (CAMERA, OTHER)}
    for at_ms in (FROM_MS - HOUR_MS, FROM_MS, TO_MS - HOUR_MS, TO_MS):
        payload = encode_announcement(alert(at_ms))
        any_redis.xadd(keys.alerts_log(CAMERA), {"alert": payload})
        for name in topics.values():
            any_redis.xadd(outbox, {name: payload})
    assert eraser(any_redis).preview().alerts == 2
    assert eraser(any_redis).erase("ann", "").alerts == 2
    assert any_redis.xlen(keys.alerts_log(CAMERA)) == 2
    assert any_redis.xlen(outbox) == 4 + 2, "of the other camera all"


def alert(at_ms: int) -> Alert:
    return Alert(
        SCHEMA,
        "1",
        CAMERA,
        "gloomy",
        "raised",
        "index",
        Resolution.HOUR,
        at_ms,
        at_ms + HOUR_MS,
        at_ms + HOUR_MS,
        None,
        None,
        None,
        "",
    )


def test_a_dashboard_that_had_it_shows_it_no_more(any_redis: Client) -> None:
    past(any_redis)
    store = WindowStore(any_redis, utc_ms)

    def visits() -> int:
        read = store.read([CAMERA], Resolution.HOUR, local_ms(5), local_ms(0), BERLIN)
        return int(read[CAMERA].column("visits").sum())

    assert visits() == visits() == VISITS * len(hours(local_ms(5), local_ms(0)))
    done = eraser(any_redis).erase("ann", "")
    assert visits() == VISITS * len(hours(local_ms(5), local_ms(0))) - done.visits


def test_pages_that_were_drawn_before_it_are_drawn_anew(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODLENS_REDIS_URL", redis_server.url)
    for cached in (context.database, context.settings, context._read_everything):
        cached.clear()
    past(context.database())
    drawn_of = context.read_directory()
    assert context.read_directory() == drawn_of
    eraser(context.database()).erase("ann", "")
    context._read_everything.clear()  # as after a second
    assert context.read_directory() != drawn_of, "the shell of the page looks every two seconds"
    context.database().close()
    for cached in (context.database, context.settings, context._read_everything):
        cached.clear()
