"""What is said of a camera's health, in words and as HTML."""

from dataclasses import replace
from datetime import UTC

import numpy as np
import pytest

from contract import row
from contract.events import SCHEMA, CameraStatus
from dashboard.cameras.health import (
    Account,
    CameraHealth,
    account_of,
    account_words,
    heard_words,
    is_online,
    outage_words,
    run_words,
)
from dashboard.cameras.health_rows import health_rows
from dashboard.cameras.now import CameraNow
from dashboard.cameras.outages import Look, Stretch
from dashboard.cameras.rows import camera_rows
from dashboard.figures.mood import Mood
from tests.support.events import CAMERA

NOW_MS = 1_795_384_800_000  # 22:00 UTC
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def status(*, online: bool = True) -> CameraStatus:
    return CameraStatus(SCHEMA, CAMERA, online, "0.2.0", "yunet", 5.0, NOW_MS - 3 * HOUR_MS)


def stretch(look: Look, from_h: float, to_h: float, missing_min: int = 0) -> Stretch:
    """From so many hours ago to so many hours ago."""
    return Stretch(
        look, NOW_MS - round(from_h * HOUR_MS), NOW_MS - round(to_h * HOUR_MS), missing_min * MINUTE_MS
    )


def health(
    *seen: Stretch,
    said: CameraStatus | None = None,
    heard_ms: int | None = NOW_MS - 5_000,
    remarks: tuple[str, ...] = (),
    account: Account | None = None,
) -> CameraHealth:
    return CameraHealth(CAMERA, said, heard_ms, remarks, 0.97, account, list(seen))


def test_what_is_classified_before_the_camera_reports_it_was_sent() -> None:
    total = np.zeros(row.WIDTH, np.int64)
    total[[row.VISITS, row.PUBLISHED, row.FRAMES, row.SHED]] = 9, 100, 108, 2
    assert account_of(total) == Account(110, 108, shed=2, refused=0, dropped=0, expired=0, late=0)


def test_what_became_of_frames_is_counted_and_what_is_missing_has_expired() -> None:
    total = np.zeros(row.WIDTH, np.int64)
    total[[row.VISITS, row.PUBLISHED, row.FRAMES, row.SHED, row.LATE]] = 20, 1300, 1250, 40, 2
    account = account_of(total)
    assert account == Account(1300, 1250, shed=40, refused=0, dropped=0, expired=10, late=2)
    assert account_words(health(account=account)) == (
        "1,250 of 1,300 frames with faces classified, 40 shed, 10 expired, 2 late, none refused or dropped"
    )
    assert account_of(np.zeros(row.WIDTH, np.int64)) is None
    assert account_words(health()) == "too few visits to tell more"


@pytest.mark.parametrize(
    ("said", "heard_ms", "online"),
    [
        (status(online=True), None, True),
        (status(online=False), NOW_MS - 5_000, False),
        (None, NOW_MS - 5_000, True),
        (None, NOW_MS - 60_000, None),
        (None, None, None),
    ],
)
def test_a_camera_is_there_by_its_own_word_or_when_it_was_heard(
    said: CameraStatus | None, heard_ms: int | None, online: bool | None
) -> None:
    assert is_online(health(said=said, heard_ms=heard_ms), NOW_MS) is online


@pytest.mark.parametrize(
    ("heard_ms", "words"),
    [
        (NOW_MS - 5_000, "heard of just now"),
        (NOW_MS - 40 * MINUTE_MS, "last heard of 40 min ago, 21:20"),
        (None, "not heard of in the last 24 hours"),
    ],
)
def test_when_a_camera_was_last_heard_of_is_told(heard_ms: int | None, words: str) -> None:
    assert heard_words(health(heard_ms=heard_ms), NOW_MS, UTC) == words


def test_outages_are_told_the_latest_first() -> None:
    looked = stretch(Look.WHOLE, 24, 10)
    assert outage_words(health(looked), NOW_MS, UTC) == "no outage in the last 24 hours"
    assert outage_words(health(stretch(Look.BEFORE, 24, 0)), NOW_MS, UTC) == ""
    seen = [
        looked,
        stretch(Look.DARK, 10, 9, 60),
        stretch(Look.WHOLE, 9, 1),
        stretch(Look.PARTLY, 1, 0.75, 5),
        stretch(Look.DARK, 0.75, 0, 44),
    ]
    assert outage_words(health(*seen), NOW_MS, UTC) == (
        "did not look for 49 min between 21:00 and now; for 1 h between 12:00 and 13:00"
    )
    often = [stretch(look, 20 - i, 19 - i, 60) for i, look in enumerate([Look.WHOLE, Look.DARK] * 5)]
    assert outage_words(health(*often), NOW_MS, UTC).endswith("and 2 more")


def test_a_camera_says_its_version_as_long_as_it_runs() -> None:
    assert run_words(health(said=status()), NOW_MS, UTC) == (
        "version 0.2.0, yunet, 5 frames a second, since 19:00"
    )
    assert run_words(health(said=status(online=False)), NOW_MS, UTC) == ""


def test_the_strip_is_told_to_those_who_do_not_see_it() -> None:
    camera = health(
        stretch(Look.WHOLE, 24, 1),
        stretch(Look.DARK, 1, 0, 60),
        remarks=("clock 42 s ahead", "messages of it are refused"),
    )
    html = health_rows([camera], NOW_MS, UTC)
    assert 'aria-label="yesterday 22:00 to 21:00: looked; 21:00 to now: did not look"' in html
    assert html.count('class="ml-look-dark"') == 1
    assert "clock 42 s ahead · messages of it are refused" in html


def now(index: list[float], visits: int | None = 7) -> CameraNow:
    shares = np.array([0, 0, 0, 0.6, 0.4, 0, 0])
    return CameraNow(
        name=CAMERA,
        online=True,
        status=status(),
        simulated=False,
        k=5,
        visits=visits,
        in_view=None,
        mood=None if visits is None else Mood(0.52, shares, 100),
        coverage=0.97,
        start_ms=NOW_MS - np.arange(len(index))[::-1] * 30_000,
        index=np.array(index),
        end_ms=NOW_MS + 30_000,
    )


def test_a_line_has_a_bar_for_each_time_in_which_somebody_was_seen() -> None:
    html = camera_rows([now([0.435, np.nan, -0.435])])
    assert html.count("<i style=") == 2
    assert "bottom:50%;height:25.0%" in html
    assert "top:50%;height:25.0%" in html
    assert 'aria-label="happy 60%, neutral 40%, ' in html
    assert "7 visits" in html
    assert "5 frames a second" in html
    assert camera_rows([now([])]).count("<i style=") == 0


@pytest.mark.parametrize(
    ("k", "told"),
    [(5, ("too few visits to show", "fewer than 5 visits")), (1, ("nobody in view", "no visits"))],
)
def test_of_few_visits_a_line_tells_no_mood(k: int, told: tuple[str, str]) -> None:
    html = camera_rows([replace(now([], visits=None), k=k)])
    assert [html.count(f">{words}<") for words in told] == [1, 1]
    assert "happy" not in html
