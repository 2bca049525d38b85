"""Alerts, rules and notes as the dashboard reads and writes them, in a real Redis."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import redis
from msgspec.structs import replace as changed

from contract import keys
from contract.alert_state import Acknowledgement, AlertState, decode_alert_state, encode_alert_state
from contract.announcements import Alert, encode_announcement
from contract.notes import BadNote, NoteKind, SiteNote
from contract.rules import BadRule, DeviationRule, ThresholdRule
from contract.windows import Resolution
from dashboard.alerts.overview import OpenAlert, acknowledge, read_alerts
from dashboard.alerts.rule_form import Fields, rule_of
from dashboard.alerts.rules import read_rules, remove_rule, save_rule
from dashboard.notes.kept import new_id, read_notes, remove_note, save_note
from runtime.redis import Client
from tests.support.events import CAMERA, utc_ms
from tests.support.services import Mosquitto, RedisServer, eventually, program, running
from tests.support.visits import ScriptedCamera

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
AT_MS = 1_795_384_800_000
OTHER = "shop-2/till"


def transition(state: str, from_ms: int, camera: str = CAMERA, rule: str = "gloomy") -> Alert:
    return Alert(
        schema=1,
        id=f"{camera}:{rule}:{from_ms}:{state}",
        camera=camera,
        rule=rule,
        state="raised" if state == "raised" else "cleared",
        measure="index",
        resolution=Resolution.QUARTER,
        from_ms=from_ms,
        to_ms=from_ms + MINUTE_MS,
        decided_at_ms=from_ms + 2 * MINUTE_MS,
        value=-0.2,
        limit=0.0,
        deviation=None,
        text="",
    )


def log(client: Client, alert: Alert) -> None:
    client.xadd(keys.alerts_log(alert.camera), {"alert": encode_announcement(alert)})


def stand(client: Client, state: AlertState, camera: str = CAMERA, rule: str = "gloomy") -> None:
    client.hset(keys.alerts(camera), rule, encode_alert_state(state))


def raise_alert(client: Client, since_ms: int, camera: str = CAMERA) -> None:
    stand(client, AlertState(raised=True, since_ms=since_ms, streak=3, measure="index"), camera)
    log(client, transition("raised", since_ms, camera))


def the_open_one(client: Client) -> OpenAlert:
    (alert,) = read_alerts(client, [CAMERA]).open
    return alert


def test_open_alerts_stand_with_what_was_told_and_past_ones_with_both_ends(any_redis: Client) -> None:
    log(any_redis, transition("cleared", AT_MS - 20 * HOUR_MS, rule="older"))
    for state, hours in (("raised", 9), ("cleared", 7), ("raised", 5), ("cleared", 4)):
        log(any_redis, transition(state, AT_MS - hours * HOUR_MS))
    raise_alert(any_redis, AT_MS - 2 * HOUR_MS)
    raise_alert(any_redis, AT_MS - HOUR_MS, OTHER)
    stand(any_redis, AlertState(streak=1, since_ms=AT_MS), rule="not-yet")
    any_redis.hset(keys.alerts(CAMERA), "of-a-later-version", b"{}x")
    any_redis.xadd(keys.alerts_log(CAMERA), {"alert": b"?"})

    alerts = read_alerts(any_redis, [CAMERA, OTHER, "shop-3/quiet"])

    assert [(alert.camera, alert.state.since_ms, alert.seen) for alert in alerts.open] == [
        (OTHER, AT_MS - HOUR_MS, None),
        (CAMERA, AT_MS - 2 * HOUR_MS, None),
    ]
    assert alerts.open[1].told == transition("raised", AT_MS - 2 * HOUR_MS)
    assert [(alert.rule, alert.from_ms, alert.to_ms) for alert in alerts.past] == [
        ("gloomy", AT_MS - 5 * HOUR_MS, AT_MS - 4 * HOUR_MS),
        ("gloomy", AT_MS - 9 * HOUR_MS, AT_MS - 7 * HOUR_MS),
        ("older", None, AT_MS - 20 * HOUR_MS),
    ]


def test_an_alert_whose_rule_was_taken_away_ended_then(any_redis: Client) -> None:
    log(any_redis, transition("raised", AT_MS))
    log(any_redis, changed(transition("cleared", 0), from_ms=0, to_ms=0, decided_at_ms=AT_MS + HOUR_MS))
    (past,) = read_alerts(any_redis, [CAMERA]).past
    assert (past.from_ms, past.to_ms) == (AT_MS, AT_MS + HOUR_MS)


def test_who_has_seen_an_alert_is_noted_until_it_is_raised_anew(any_redis: Client) -> None:
    raise_alert(any_redis, AT_MS)
    assert acknowledge(any_redis, the_open_one(any_redis), AT_MS + MINUTE_MS, "anna")
    assert the_open_one(any_redis).seen == Acknowledgement(AT_MS, AT_MS + MINUTE_MS, "anna")

    any_redis.hdel(keys.alerts(CAMERA), "gloomy")
    log(any_redis, transition("cleared", AT_MS + HOUR_MS))
    assert read_alerts(any_redis, [CAMERA]).open == []

    raise_alert(any_redis, AT_MS + 2 * HOUR_MS)
    assert the_open_one(any_redis).seen is None


def test_what_is_over_or_was_raised_anew_in_the_meantime_is_not_acknowledged(any_redis: Client) -> None:
    raise_alert(any_redis, AT_MS)
    read = the_open_one(any_redis)
    raise_alert(any_redis, AT_MS + HOUR_MS)
    assert not acknowledge(any_redis, read, AT_MS + HOUR_MS, "anna")
    assert the_open_one(any_redis).seen is None
    stand(any_redis, AlertState(streak=1, since_ms=AT_MS))
    assert not acknowledge(any_redis, read, AT_MS + HOUR_MS, "anna")
    any_redis.hdel(keys.alerts(CAMERA), "gloomy")
    assert not acknowledge(any_redis, read, AT_MS + HOUR_MS, "anna")
    assert not any_redis.exists(keys.alerts_acked(CAMERA))


def test_rules_are_added_changed_and_taken_away(any_redis: Client) -> None:
    save_rule(any_redis, "gloomy", ThresholdRule(below=0.0), [CAMERA, OTHER])
    save_rule(any_redis, "unusual", DeviationRule(), [OTHER])
    any_redis.hset(keys.rules(CAMERA), "broken", b'{"kind":"threshold","measure":"charm","below":1}')
    found = read_rules(any_redis, [CAMERA, OTHER])
    assert [(it.name, it.cameras, it.rule) for it in found] == [
        ("broken", (CAMERA,), None),
        ("gloomy", (CAMERA, OTHER), ThresholdRule(below=0.0)),
        ("unusual", (OTHER,), DeviationRule()),
    ]
    assert "Invalid enum value 'charm'" in found[0].fault

    save_rule(any_redis, "gloomy", ThresholdRule(below=-0.1), [CAMERA], no_longer=[OTHER])
    found = read_rules(any_redis, [CAMERA, OTHER])
    assert [(it.name, it.cameras) for it in found] == [
        ("broken", (CAMERA,)),
        ("gloomy", (CAMERA,)),
        ("unusual", (OTHER,)),
    ]
    assert found[1].rule == ThresholdRule(below=-0.1)

    for it in found:
        remove_rule(any_redis, it.name, it.cameras)
    assert read_rules(any_redis, [CAMERA, OTHER]) == []


def test_a_rule_that_no_aggregator_would_take_is_not_stored(any_redis: Client) -> None:
    with pytest.raises(BadRule):
        save_rule(any_redis, "Gloomy Hour", ThresholdRule(below=0.0), [CAMERA])
    with pytest.raises(BadRule):
        save_rule(any_redis, "gloomy", ThresholdRule(below=0.0, windows=0), [CAMERA])
    assert not any_redis.exists(keys.rules(CAMERA))


def test_a_rule_made_in_the_form_raises_an_alert_that_can_be_acknowledged(
    mosquitto: Mosquitto, redis_server: RedisServer, redis_client: redis.Redis, tmp_path: Path
) -> None:
    gloomy, _ = rule_of(replace(Fields(name="gloomy"), windows=2, resolution=Resolution.MINUTE))
    assert gloomy
    save_rule(redis_client, "gloomy", gloomy, [CAMERA])
    start_ms = (utc_ms() // HOUR_MS - 2) * HOUR_MS
    camera = ScriptedCamera(redis_client)
    aggregator = program(
        "aggregator", [], tmp_path / "aggregator.log", mosquitto.environment | redis_server.environment
    )
    with running(aggregator):
        camera.sees(start_ms, start_ms + 4 * MINUTE_MS, 20, "sad")
        eventually(lambda: read_alerts(redis_client, [CAMERA]).open, what="the alert")
        alert = the_open_one(redis_client)
        assert (alert.rule, alert.state.since_ms) == ("gloomy", start_ms)
        assert alert.told
        assert alert.told.value == -0.73
        assert acknowledge(redis_client, alert, utc_ms(), "anna")
        assert the_open_one(redis_client).seen
        camera.sees(start_ms + 4 * MINUTE_MS, start_ms + 8 * MINUTE_MS, 20, "happy")
        eventually(lambda: read_alerts(redis_client, [CAMERA]).past, what="the alert to be over")
        camera.sees(start_ms + 8 * MINUTE_MS, start_ms + 12 * MINUTE_MS, 20, "sad")
        eventually(lambda: read_alerts(redis_client, [CAMERA]).open, what="another alert")
    assert the_open_one(redis_client).seen is None
    (past,) = read_alerts(redis_client, [CAMERA]).past
    assert (past.from_ms, past.to_ms) == (start_ms, start_ms + 4 * MINUTE_MS)
    stored = redis_client.hget(keys.alerts_acked(CAMERA), "gloomy")
    assert isinstance(stored, bytes)
    assert decode_alert_state(stored, Acknowledgement).by == "anna"


def test_notes_are_added_changed_and_taken_away(any_redis: Client) -> None:
    coffee = SiteNote(kind=NoteKind.PROMOTION, name="Free coffee", first_day=date(2026, 11, 2))
    till = SiteNote(kind=NoteKind.STAFFING, name="Two at the till", first_day=date(2026, 11, 9))
    coffee_id, till_id = new_id(), new_id()
    save_note(any_redis, "shop-1", coffee_id, coffee)
    save_note(any_redis, "shop-1", till_id, till)
    any_redis.hset(keys.notes("shop-1"), "of-a-later-version", b"{}")
    assert read_notes(any_redis, "shop-1") == {till_id: till, coffee_id: coffee}
    assert list(read_notes(any_redis, "shop-1")) == [till_id, coffee_id], "the newest first"
    assert read_notes(any_redis, "shop-2") == {}

    ended = changed(coffee, last_day=date(2026, 11, 8))
    save_note(any_redis, "shop-1", coffee_id, ended)
    remove_note(any_redis, "shop-1", till_id)
    assert read_notes(any_redis, "shop-1") == {coffee_id: ended}


def test_a_note_out_of_bounds_is_not_stored(any_redis: Client) -> None:
    endless = SiteNote(kind=NoteKind.PROMOTION, name="x" * 81, first_day=date(2026, 11, 2))
    with pytest.raises(BadNote):
        save_note(any_redis, "shop-1", new_id(), endless)
    assert not any_redis.exists(keys.notes("shop-1"))
