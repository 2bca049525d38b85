"""The data map holds each site's windows against the time for which that site keeps them."""

import json
from datetime import UTC

import pytest

from admin.data_map import DataMap, as_json, show
from admin.survey import Survey, survey
from admin.words import Language, read_words
from contract import keys
from contract.retention import Retention
from contract.row import STORED
from contract.windows import WINDOW_MS, Resolution, chunk_at
from runtime.redis import Client
from tests.support.events import CAMERA, utc_ms
from tests.support.rows import row_of

DAY_MS = WINDOW_MS[Resolution.DAY]
NOW_MS = utc_ms()


def store(client: Client, name: str, lives_ms: int) -> str:
    """A day's window; its key."""
    key = keys.window_chunk(CAMERA, Resolution.DAY, name)
    client.set(key, row_of("happy").astype(STORED).tobytes(), px=lives_ms)
    return key


def name_of(at_ms: int) -> str:
    return chunk_at(Resolution.DAY, at_ms, UTC).name


def found(seen: Survey) -> set[tuple[str, str]]:
    return {(misfit.where, misfit.what) for misfit in seen.misfits}


def test_what_lives_longer_than_its_site_keeps_it_is_found_and_the_time_is_printed(
    any_redis: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    store(any_redis, name_of(NOW_MS), 350 * DAY_MS)
    old = store(any_redis, name_of(NOW_MS - 300 * DAY_MS), 100 * DAY_MS)  # less to live than a fresh one has
    assert found(survey(any_redis, NOW_MS)) == set()

    any_redis.hset(keys.site("shop-1"), mapping={"keep_1d": "1y", "keep_15min": "7d"})
    seen = survey(any_redis, NOW_MS)
    assert found(seen) == {(old, "it expires later than its site keeps it")}
    kept = Retention({Resolution.QUARTER: 7 * DAY_MS, Resolution.DAY: 365 * DAY_MS})
    assert seen.kept == {"shop-1": kept}
    show(DataMap(seen), read_words(Language.ENGLISH))
    said = capsys.readouterr().out
    assert "shop-1 keeps sums of a quarter of an hour 7 days, sums of a day 365 days\n" in said
    told = json.loads(as_json(DataMap(seen)))["redis"]["sites"]
    assert told == {"shop-1": {"kept_ms": {"15min": 7 * DAY_MS, "1d": 365 * DAY_MS}}}


def test_a_site_that_sets_nothing_is_held_against_the_longest(any_redis: Client) -> None:
    for_ever = store(any_redis, name_of(NOW_MS - 300 * DAY_MS), 5 * 365 * DAY_MS)
    seen = survey(any_redis, NOW_MS)
    assert found(seen) == {(for_ever, "it expires later than its site keeps it")}
    assert json.loads(as_json(DataMap(seen)))["redis"]["sites"] == {}


def test_a_time_that_cannot_be_used_is_found_without_its_content_and_a_day_that_is_none_too(
    any_redis: Client,
) -> None:
    no_day = store(any_redis, "20261301", DAY_MS)
    any_redis.hset(keys.site("shop-1"), "keep_1h", "a secret")
    seen = survey(any_redis, NOW_MS)
    assert found(seen) == {
        (no_day, "its name is no day, or no hour"),
        (keys.site("shop-1"), "keep_1h is no time that it may be"),
    }
