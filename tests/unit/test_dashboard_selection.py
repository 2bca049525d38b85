"""What a page is about, and what there is to choose from."""

import pytest

from contract import keys
from dashboard.figures import sites as sites_module
from dashboard.figures.selection import Selection
from dashboard.figures.sites import read_sites
from dashboard.figures.subjects import Subjects, camera_of, read_subjects
from dashboard.settings import DashboardSettings
from runtime.errors import SettingsError
from runtime.redis import Client
from runtime.settings import load_settings
from tests.support.logs import said

NAMES = ("shop-1/till@queue", "shop-1/till", "shop-2/door", "shop-1/entrance", "shop-1/till@counter")
SUBJECTS = Subjects.of(NAMES)


def test_subjects_are_listed_by_site_camera_and_zone() -> None:
    assert SUBJECTS.sites() == ("shop-1", "shop-2")
    assert SUBJECTS.cameras == ("shop-1/entrance", "shop-1/till", "shop-2/door")
    assert SUBJECTS.of_site("shop-1") == ("shop-1/entrance", "shop-1/till")
    assert SUBJECTS.zones("shop-1/till") == ("counter", "queue")
    assert SUBJECTS.zones("shop-1/entrance") == ()
    assert SUBJECTS.only({"shop-2"}).names == ("shop-2/door",)
    assert camera_of("shop-1/till@queue") == camera_of("shop-1/till") == "shop-1/till"


def test_subjects_are_those_that_have_windows(any_redis: Client) -> None:
    assert read_subjects(any_redis) == Subjects(())
    for name in NAMES:
        any_redis.sadd(keys.subjects(keys.partition_of(camera_of(name))), name)
    assert read_subjects(any_redis) == SUBJECTS


@pytest.mark.parametrize(
    ("params", "selection"),
    [
        ({}, Selection("shop-1")),
        ({"site": "shop-2"}, Selection("shop-2")),
        ({"site": "shop-1", "camera": "till"}, Selection("shop-1", "shop-1/till")),
        (
            {"camera": "till", "zone": "queue", "period": "90d"},
            Selection("shop-1", "shop-1/till", "queue", "90d"),
        ),
        # what is not there, or not any more
        ({"site": "shop-9", "camera": "door"}, Selection("shop-1")),
        ({"site": "shop-2", "camera": "till", "zone": "queue"}, Selection("shop-2")),
        ({"camera": "entrance", "zone": "queue"}, Selection("shop-1", "shop-1/entrance")),
        ({"period": "99d", "camera": "../door"}, Selection("shop-1")),
    ],
)
def test_an_address_is_read_and_what_is_unknown_falls_back(
    params: dict[str, str], selection: Selection
) -> None:
    assert Selection.from_query(params, SUBJECTS) == selection


def test_where_there_is_nothing_nothing_is_chosen() -> None:
    selection = Selection.from_query({"site": "shop-1", "period": "24h"}, Subjects(()))
    assert selection == Selection("", period="24h")
    assert selection.subjects(Subjects(())) == ()


@pytest.mark.parametrize(
    ("selection", "subjects"),
    [
        (Selection("shop-1"), ("shop-1/entrance", "shop-1/till")),
        (Selection("shop-1", "shop-1/till"), ("shop-1/till",)),
        (Selection("shop-1", "shop-1/till", "queue"), ("shop-1/till@queue",)),
    ],
)
def test_a_figure_is_made_of_the_windows_of_what_was_chosen(
    selection: Selection, subjects: tuple[str, ...]
) -> None:
    assert selection.subjects(SUBJECTS) == subjects
    assert selection.chosen_period.key == "7d"


SETTINGS = DashboardSettings(time_zone="Europe/Berlin", k=7)


@pytest.mark.parametrize(
    ("stored", "k", "zone", "hours", "faults"),
    [
        ({}, 7, "Europe/Berlin", "", 0),
        (
            {"k": 1, "time_zone": "Asia/Kolkata", "hours": "sun 9:00-12:00"},
            1,
            "Asia/Kolkata",
            "sun 09:00-12:00",
            0,
        ),
        ({"k": 0, "time_zone": "Mars/Base", "hours": "at night"}, 7, "Europe/Berlin", "", 3),
        ({"k": "many", "time_zone": "../etc/passwd"}, 7, "Europe/Berlin", "", 2),
    ],
)
def test_a_site_says_what_it_wants_and_nonsense_is_not_taken(
    any_redis: Client,
    stored: dict[str, str | int],
    k: int,
    zone: str,
    hours: str,
    faults: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sites_module._complain.cache_clear()
    for field, value in stored.items():
        any_redis.hset(keys.site("shop-1"), field, value)
    for _ in range(2):  # as pages do, again and again
        site = read_sites(any_redis, ["shop-1"], SETTINGS)["shop-1"]
    assert (site.name, site.k, str(site.time_zone), str(site.hours)) == ("shop-1", k, zone, hours)
    assert len(said(caplog, sites_module)) == faults, "each is told once"


def test_a_time_zone_that_is_none_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODLENS_DASHBOARD_TIME_ZONE", "Europe/Berln")
    with pytest.raises(
        SettingsError, match="MOODLENS_DASHBOARD_TIME_ZONE: 'Europe/Berln' is no IANA time zone"
    ):
        load_settings(DashboardSettings)


def test_a_site_is_simulated_only_where_it_says_so(any_redis: Client) -> None:
    any_redis.hset(keys.site("shop-1"), "simulated", 1)
    any_redis.hset(keys.site("shop-2"), "simulated", 0)
    sites = read_sites(any_redis, ["shop-1", "shop-2", "shop-3"], SETTINGS)
    assert [site.simulated for site in sites.values()] == [True, False, False]
    assert read_sites(any_redis, [], SETTINGS) == {}
