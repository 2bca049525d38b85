"""What the pages of figures say of some weeks in a real Redis."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import numpy as np
import pytest
import redis
import streamlit as st
from msgspec import structs
from streamlit.testing.v1 import AppTest

from classifier_worker.card import publish_card
from contract import keys
from contract.labels import LABELS
from contract.notes import NoteKind, SiteNote
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.correction import WhyNot
from dashboard.notes.kept import new_id, save_note
from dashboard.shell.away import OTHER_VERSION
from dashboard.words.sentences import WHY_NOT_CORRECTED
from demo.backfill import read_card
from tests.support.clock import NOON, NOON_MS, stop_pages_at_noon
from tests.support.rows import row_of
from tests.support.services import RedisServer
from tests.support.weeks import DOOR, HOURS, KIOSK, QUEUE, ZONE, write_weeks
from tests.support.windows import write_windows

QUARTER_MS, HOUR_MS = WINDOW_MS[Resolution.QUARTER], WINDOW_MS[Resolution.HOUR]
Open = Callable[..., AppTest]

CARD = read_card()
NEVER = ("angry", "disgust", "fear", "surprise")


def yesterday_page() -> None:
    from dashboard.pages import yesterday  # noqa: PLC0415 - Streamlit runs the text of this function

    yesterday.show()


def trends_page() -> None:
    from dashboard.pages import trends  # noqa: PLC0415 - as above

    trends.show()


def heatmap_page() -> None:
    from dashboard.pages import heatmap  # noqa: PLC0415 - as above

    heatmap.show()


def compare_page() -> None:
    from dashboard.pages import compare  # noqa: PLC0415 - as above

    compare.show()


def whole_app() -> None:
    from dashboard import app  # noqa: PLC0415 - as above

    app.main()


PAGES = (yesterday_page, trends_page, heatmap_page, compare_page)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("weeks") / "redis").start()
    with server.client() as client:
        write_weeks(client, NOON_MS)
    yield server
    server.stop()


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    with server.client() as client:
        yield client


@pytest.fixture
def opened(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens a page with a choice in the sidebar."""
    monkeypatch.setenv("MOODLENS_REDIS_URL", server.url)
    stop_pages_at_noon(monkeypatch)

    def open_page(page: Callable[[], None], **chosen: str) -> AppTest:
        st.cache_resource.clear()
        app = AppTest.from_function(page, default_timeout=240)
        for name, value in {"site": "north", **chosen}.items():
            app.session_state[name] = value
        app.run()
        assert not app.exception
        return app

    yield open_page
    st.cache_resource.clear()


def said(app: AppTest) -> str:
    parts = (app.title, app.subheader, app.markdown, app.caption, app.info)
    return "\n".join(element.value for elements in parts for element in elements)


def figures(app: AppTest) -> dict[str, tuple[str, str]]:
    """Title → figure and what stands below it."""
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def shares_told(app: AppTest) -> dict[str, int]:
    """Label → percent, as the chart of the whole period tells it to those who do not see it."""
    told = next(chart.proto.alt for chart in app.get("vega_lite_chart") if "neutral" in chart.proto.alt)
    return {label: int(share.rstrip("%")) for label, share in (part.split() for part in told.split(", "))}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_its_figures_mean_and_what_not(opened: Open, page: Callable[[], None]) -> None:
    app = opened(page)
    (meaning,) = app.expander
    assert meaning.label == "What this means and what it does not"
    assert "A face is not a feeling" in meaning.markdown[0].value


@pytest.mark.parametrize("page", [each for each in PAGES if each is not compare_page])
def test_every_page_says_whom_it_is_about_and_by_which_clock(opened: Open, page: Callable[[], None]) -> None:
    assert "**north, all cameras**" in said(opened(page))
    assert "**north, queue**" in said(opened(page, camera="queue"))
    about_zone = said(opened(page, camera="door", zone="till"))
    assert "**north, door, till**" in about_zone
    assert "Europe/Berlin time" in about_zone


def test_yesterday_is_told_in_sentences(opened: Open) -> None:
    app = opened(yesterday_page, camera="door")
    assert "132 visits, about as many as on a usual Wednesday (132)." in said(app)
    assert "Faces looked pleasant on the whole (mood index +0.51), more pleasant than usual (+0.17)." in said(
        app
    )
    assert "The mood index was higher than usual" in said(app)
    assert "Busiest: 12:00–13:00, 24 visits." in said(app)
    assert "No alert, and no outage." in said(app)
    assert figures(app)["Visits"] == ("132", "usual: 132")


def test_an_outage_is_told_and_its_day_is_not_called_quiet(opened: Open) -> None:
    app = opened(yesterday_page, camera="queue")
    assert f"**{QUEUE}** did not look for 2 h between yesterday 14:00 and yesterday 16:00." in said(app)
    assert "visits are missing" in said(app)
    assert figures(app)["Visits"] == ("64", "")


def test_a_marked_event_is_told_on_its_days(opened: Open, client: redis.Redis) -> None:
    day = NOON.date() - timedelta(days=1)
    note = SiteNote(kind=NoteKind.PROMOTION, name="Free coffee", first_day=day, last_day=day)
    save_note(client, "north", new_id(), note)
    assert "**Free coffee** (promotion)" in said(opened(yesterday_page))
    assert "Free coffee" not in said(opened(yesterday_page, site="south"))


def test_trends_hold_a_period_against_the_one_before(opened: Open) -> None:
    app = opened(trends_page, camera="door", period="yesterday")
    assert figures(app) == {
        "Visits": ("132", "as many"),
        "Mood index": ("+0.51", "higher by 0.34"),
        "Mean dwell": ("4 s", "the same"),
        "Attention": ("50%", "the same"),
    }
    assert "On the whole pleasant." in said(app)


def test_trends_do_not_count_a_period_against_one_that_was_hardly_looked_at(opened: Open) -> None:
    app = opened(trends_page, period="28d")
    assert "Cameras did not look for as long in the 28 days before" in said(app)
    assert figures(app)["Visits"][1] == ""


def test_shares_are_corrected_by_the_model_that_read_them(opened: Open, client: redis.Redis) -> None:
    chosen = {"site": "south", "period": "yesterday"}
    uncorrected = opened(trends_page, **chosen, shares="Corrected")
    assert WHY_NOT_CORRECTED[WhyNot.UNKNOWN_MODEL] in said(uncorrected)
    halved = (np.eye(len(LABELS)) + 1 / len(LABELS)) / 2
    card = structs.replace(CARD, version="half", soft_confusion=tuple(map(tuple, halved.tolist())))
    publish_card(client, card)
    client.hset(keys.open_visits(KIOSK), "model:half", f"[0,{NOON_MS}]")
    corrected = opened(trends_page, **chosen, shares="Corrected")
    assert not corrected.info
    as_read = shares_told(opened(trends_page, **chosen, shares="As read"))
    assert as_read == {"neutral": 50, "happy": 33, "sad": 17, **dict.fromkeys(NEVER, 0)}
    assert shares_told(corrected) == {"neutral": 67, "happy": 33, "sad": 0, **dict.fromkeys(NEVER, 0)}


def test_where_there_are_no_figures_a_page_says_what_to_do(opened: Open, client: redis.Redis) -> None:
    quiet = "south/cellar"
    client.sadd(keys.subjects(keys.partition_of(quiet)), quiet)
    for page in (trends_page, heatmap_page):
        assert "Choose a longer period or another camera" in said(opened(page, site="south", camera="cellar"))
    assert "“Trends” shows the days before" in said(opened(yesterday_page, site="south", camera="cellar"))


def test_a_shop_that_nobody_came_to_has_no_mood(opened: Open, client: redis.Redis) -> None:
    """Also where single visits are shown, and so none are."""
    empty = "empty/door"
    client.hset(keys.site("empty"), mapping={"k": 1, "time_zone": str(ZONE)})
    quarters = range(NOON_MS - 40 * QUARTER_MS, NOON_MS - QUARTER_MS, QUARTER_MS)
    yesterday = [at_ms - 24 * HOUR_MS for at_ms in quarters]
    write_windows(client, empty, {at_ms: row_of() for at_ms in (*yesterday, *quarters)}, ZONE)
    assert "Choose a longer period" in said(opened(trends_page, site="empty", period="today"))
    told = said(opened(yesterday_page, site="empty"))
    assert "no visits on this day" in told
    assert "pleasant" not in told.split("What this means")[0]


def test_visits_outside_opening_hours_alone_make_no_map_of_their_rate(
    opened: Open, client: redis.Redis
) -> None:
    client.hset(keys.site("south"), "hours", "mon-sun 03:00-04:00")
    app = opened(heatmap_page, site="south", period="28d")
    client.hset(keys.site("south"), "hours", HOURS)
    assert "There were no visits while the site was open." in said(app)
    assert "NaN" not in "".join(chart.proto.spec for chart in app.get("vega_lite_chart"))


@pytest.mark.usefixtures("opened")
def test_a_database_of_another_version_is_told_as_such(client: redis.Redis) -> None:
    client.hset(keys.LAYOUT, "version", keys.LAYOUT_VERSION + 1)
    st.cache_resource.clear()
    app = AppTest.from_function(whole_app, default_timeout=240).run()
    client.delete(keys.LAYOUT)
    assert not app.exception
    assert [it.value for it in app.warning] == [OTHER_VERSION]


def test_the_hours_that_stand_out_in_a_week_are_named(opened: Open) -> None:
    app = opened(heatmap_page, camera="door", period="28d")
    assert "Busiest: " in said(app)
    assert "12–13 h (24)" in said(app)


def test_a_map_of_the_week_needs_a_week(opened: Open) -> None:
    app = opened(heatmap_page, period="today")
    assert "“Today” does not have all weekdays, so this is last 28 days." in said(app)


def test_cameras_and_sites_are_compared_by_visits_an_open_hour(opened: Open) -> None:
    app = opened(compare_page, period="28d", by="Visits an open hour")
    assert [element.value for element in app.subheader] == ["Sites", "Cameras", "Zones", "One by one"]
    bold = [element.value for element in app.markdown if element.value.startswith("**")]
    assert bold[:3] == [f"**{DOOR}**", f"**{KIOSK}**", f"**{QUEUE}**"]


def test_what_is_left_below_k_at_the_end_of_a_day_is_not_shown(opened: Open, client: redis.Redis) -> None:
    client.hset(keys.site("south"), "k", 100)
    app = opened(trends_page, site="south", period="yesterday")
    client.hset(keys.site("south"), "k", 5)
    assert figures(app)["Visits"][0] == "108"
    assert figures(opened(trends_page, site="south", period="yesterday"))["Visits"][0] == "120"
