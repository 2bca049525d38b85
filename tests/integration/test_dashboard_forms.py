"""What people fill in on the pages "Alerts" and "Events", down to a real Redis."""

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest
import redis
import streamlit as st
from streamlit.testing.v1 import AppTest

from contract import keys
from contract.notes import NoteKind, SiteNote
from contract.row import STORED
from contract.rules import DeviationRule, Measure, ThresholdRule
from contract.windows import Resolution, chunk_at
from dashboard.alerts.overview import read_alerts
from dashboard.alerts.rules import StoredRule, read_rules, save_rule
from dashboard.notes.kept import new_id, read_notes, save_note
from dashboard.shell.away import NOT_SAVED
from tests.support.alerts import raise_alert
from tests.support.clock import NOON, NOON_MS, stop_pages_at_noon
from tests.support.events import CAMERA
from tests.support.rows import row_of
from tests.support.services import RedisServer

SITE = "shop-1"
TILL = "shop-1/till"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TODAY = NOON.date()


def alerts_page() -> None:
    from dashboard.pages import alerts  # noqa: PLC0415 - Streamlit runs the text of this function

    alerts.show()


def events_page() -> None:
    from dashboard.pages import events  # noqa: PLC0415 - as above

    events.show()


@pytest.fixture
def opened(
    redis_server: RedisServer, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Callable[[], None]], AppTest]]:
    """Opens a page on a site with two cameras."""
    monkeypatch.setenv("MOODLENS_REDIS_URL", redis_server.url)
    stop_pages_at_noon(monkeypatch)
    for camera in (CAMERA, TILL):
        redis_client.sadd(keys.subjects(keys.partition_of(camera)), camera)
    st.cache_resource.clear()

    def open_page(page: Callable[[], None]) -> AppTest:
        return AppTest.from_function(page, default_timeout=240).run()

    yield open_page
    st.cache_resource.clear()


def mark(client: redis.Redis, days_ago: int) -> None:
    """An event that began so many days ago and goes on."""
    first_day = TODAY - timedelta(days=days_ago)
    note = SiteNote(kind=NoteKind.PROMOTION, name="Free coffee", first_day=first_day)
    save_note(client, SITE, new_id(), note)


def labelled(elements: Any, label: str) -> Any:
    (element,) = [element for element in elements if element.label == label]
    return element


def press(app: AppTest, label: str) -> AppTest:
    app = labelled(app.button, label).click().run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    parts = (app.markdown, app.caption, app.info, app.success, app.error, app.warning)
    return "\n".join(element.value for elements in parts for element in elements)


def faults(app: AppTest) -> list[str]:
    return [error.value for error in app.error]


Opened = Callable[[Callable[[], None]], AppTest]


def test_a_rule_is_added_to_the_cameras_that_were_chosen(opened: Opened, redis_client: redis.Redis) -> None:
    app = opened(alerts_page)
    assert "There are no rules yet" in said(app)
    app = press(app, "Add the rule")
    assert faults(app) == ["Choose at least one camera.", "Use a-z, 0-9 and -, such as gloomy-hour."]

    labelled(app.multiselect, "Cameras").set_value([CAMERA, TILL])
    labelled(app.text_input, "Name of the rule").set_value("long-wait")
    labelled(app.selectbox, "Figure").set_value(Measure.DWELL_MS)
    app.run()
    labelled(app.number_input, "Threshold (s)").set_value(45)
    app = press(app, "Add the rule")
    assert read_rules(redis_client, [CAMERA, TILL]) == [
        StoredRule(
            "long-wait",
            (CAMERA, TILL),
            ThresholdRule(measure=Measure.DWELL_MS, below=45_000.0, hysteresis=1_000.0),
        )
    ]
    assert "Mean dwell below 45 s for 3 × 15 minutes" in said(app)
    assert labelled(app.text_input, "Name of the rule").value == "", "the form is ready for the next"


def test_a_name_is_given_once_a_camera(opened: Opened, redis_client: redis.Redis) -> None:
    save_rule(redis_client, "gloomy", ThresholdRule(below=0.0), [CAMERA])
    app = opened(alerts_page)
    labelled(app.multiselect, "Cameras").set_value([CAMERA])
    labelled(app.text_input, "Name of the rule").set_value("gloomy")
    app = press(app, "Add the rule")
    assert faults(app) == ["There is a rule of that name already."]
    labelled(app.multiselect, "Cameras").set_value([TILL])
    app = press(app, "Add the rule")
    assert faults(app) == []
    assert [it.cameras for it in read_rules(redis_client, [CAMERA, TILL])] == [(CAMERA, TILL)], "alike"


def test_a_rule_is_changed_where_it_stands(opened: Opened, redis_client: redis.Redis) -> None:
    save_rule(redis_client, "unusual", DeviationRule(z=4.0), [CAMERA, TILL])
    app = press(opened(alerts_page), "Change")
    labelled(app.number_input, "Near again: fewer than").set_value(5.0)
    app = press(app, "Save the rule")
    assert faults(app) == ["Give a number above 0, and none above the first one."]
    labelled(app.number_input, "Near again: fewer than").set_value(1.5)
    app.multiselect[0].set_value([TILL])
    app = press(app, "Save the rule")
    assert read_rules(redis_client, [CAMERA, TILL]) == [
        StoredRule("unusual", (TILL,), DeviationRule(z=4.0, clear_z=1.5))
    ]
    assert "The rule unusual is changed." in said(app)


def test_a_rule_is_removed(opened: Opened, redis_client: redis.Redis) -> None:
    save_rule(redis_client, "gloomy", ThresholdRule(below=0.0), [CAMERA])
    app = press(opened(alerts_page), "Remove the rule")
    assert not redis_client.exists(keys.rules(CAMERA))
    assert "The rule gloomy is removed." in said(app)


def test_a_rule_that_cannot_be_used_is_shown_and_can_be_removed(
    opened: Opened, redis_client: redis.Redis
) -> None:
    redis_client.hset(keys.rules(CAMERA), "odd", b'{"kind":"threshold","measure":"charm","below":1}')
    app = opened(alerts_page)
    assert "not used" in said(app)
    assert [button.label for button in app.button if button.label == "Change"] == []
    press(app, "Remove the rule")
    assert not redis_client.exists(keys.rules(CAMERA))


def test_what_could_not_be_saved_stays_in_the_form(
    opened: Opened, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(alerts_page)
    labelled(app.multiselect, "Cameras").set_value([CAMERA])
    labelled(app.text_input, "Name of the rule").set_value("gloomy")

    def away(*_: object) -> None:
        raise redis.ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("dashboard.alerts.rule_section.save_rule", away)
        app = press(app, "Add the rule")
        assert faults(app) == [NOT_SAVED]
    app = press(app, "Add the rule")
    assert faults(app) == []
    assert [it.name for it in read_rules(redis_client, [CAMERA])] == ["gloomy"]


def test_an_alert_is_acknowledged_and_open_again_when_it_is_raised_anew(
    opened: Opened, redis_client: redis.Redis
) -> None:
    raise_alert(redis_client, NOON_MS - 3 * HOUR_MS)
    app = opened(alerts_page)
    assert "Mood index below 0.00: −0.21" in said(app)
    assert ":red-badge[open]" in said(app)
    app = press(app, "Acknowledge")
    assert ":gray-badge[acknowledged]" in said(app)
    assert [button.label for button in app.button if button.label == "Acknowledge"] == []
    (alert,) = read_alerts(redis_client, [CAMERA]).open
    assert alert.seen
    raise_alert(redis_client, NOON_MS - HOUR_MS, -0.3)
    app.run()
    assert ":red-badge[open]" in said(app)
    assert "Mood index below 0.00: −0.30" in said(app)


def test_an_acknowledgement_that_could_not_be_written_is_said_once(
    opened: Opened, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr("dashboard.pages.alerts.acknowledge", away)
    raise_alert(redis_client, NOON_MS - 3 * HOUR_MS)
    app = press(opened(alerts_page), "Acknowledge")
    assert faults(app) == [NOT_SAVED]
    assert ":red-badge[open]" in said(app)
    assert faults(app.run()) == []


def test_an_event_is_marked_changed_and_removed(opened: Opened, redis_client: redis.Redis) -> None:
    app = opened(events_page)
    assert "Nothing is marked at shop-1 yet" in said(app)
    app = press(app, "Mark the event")
    assert faults(app) == ["Give it a name of 1 to 80 characters."]

    labelled(app.text_input, "Name").set_value("Free coffee")
    labelled(app.multiselect, "Cameras that it is about").set_value(["till"])
    labelled(app.date_input, "First day").set_value(TODAY - timedelta(days=3))
    app = press(app, "Mark the event")
    (note_id, note), *others = read_notes(redis_client, SITE).items()
    assert others == []
    assert (note.kind, note.name, note.cameras) == (NoteKind.PROMOTION, "Free coffee", ("till",))
    assert (note.first_day, note.last_day) == (TODAY - timedelta(days=3), None)
    assert "“Free coffee” is saved." in said(app)
    assert "There are no figures of these days" in said(app)

    app.date_input[1].set_value(TODAY - timedelta(days=4))
    app = press(app, "Save")
    assert len(faults(app)) == 1
    app.date_input[1].set_value(TODAY)
    app = press(app, "Save")
    assert read_notes(redis_client, SITE)[note_id].last_day == TODAY

    app = press(app, "Remove this event")
    assert read_notes(redis_client, SITE) == {}
    assert "Nothing is marked at shop-1 yet" in said(app)


def fill(client: redis.Redis, day_ms: int, *moods: str) -> None:
    """A day with the same visits at each of its hours."""
    chunk = chunk_at(Resolution.HOUR, day_ms, UTC)
    hour = row_of(*moods, analysed_ms=HOUR_MS).astype(STORED).tobytes()
    client.set(keys.window_chunk(CAMERA, Resolution.HOUR, chunk.name), hour * chunk.rows)


@pytest.mark.parametrize(
    ("mood", "verdict"),
    [("happy", "Mood was higher by 0.43"), ("neutral", "No reliable difference in mood")],
)
def test_the_days_of_an_event_are_held_against_those_before(
    opened: Opened, redis_client: redis.Redis, mood: str, verdict: str
) -> None:
    today_ms = NOON_MS // DAY_MS * DAY_MS
    for ago in range(28, 0, -1):
        fill(redis_client, today_ms - ago * DAY_MS, *["neutral"] * 5, *[mood if ago <= 14 else "neutral"] * 5)
    mark(redis_client, 14)
    app = opened(events_page)
    assert verdict in said(app)
    assert "No reliable difference in visits an hour" in said(app)


def test_three_days_are_not_enough(opened: Opened, redis_client: redis.Redis) -> None:
    today_ms = NOON_MS // DAY_MS * DAY_MS
    for ago in range(28, 0, -1):
        fill(redis_client, today_ms - ago * DAY_MS, *["neutral"] * 5)
    mark(redis_client, 3)
    assert "Not enough days: 3 before and 3 after can be compared" in said(opened(events_page))
