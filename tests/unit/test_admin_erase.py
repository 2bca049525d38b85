"""What is erased, worked out without a database; and what the command says and asks."""

import os
import pty
import subprocess
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import redis

from admin.cli import build_parser
from admin.cuts import ROW_BYTES, NotErasable, Stored, day_parts, make_step
from admin.moments import BadMoment, moment_words, parse_moment
from admin.sealing import Unsettled
from contract import keys, row
from contract.erasures import Erasure, decode_erasure, encode_erasure
from contract.open_visits import last_faces_ms
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.store import SEALED_AFTER_MS
from tests.support.rows import row_of
from tests.support.services import RedisServer
from tests.support.windows import write_windows

BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
HOUR_MS = WINDOW_MS[Resolution.HOUR]
CAMERA = "shop-1/entrance"


def at(text: str, zone: ZoneInfo = BERLIN) -> int:
    return parse_moment(text, zone)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-26", "2026-11-25T23:00"),
        ("2026-11-26T14", "2026-11-26T13:00"),
        ("2026-11-26 14:00", "2026-11-26T13:00"),
        ("2026-10-25T02:00", "2026-10-25T00:00"),
        ("2026-10-25T02:00+01:00", "2026-10-25T01:00"),
        ("2026-11-26T14:00Z", "2026-11-26T14:00"),
    ],
)
def test_a_moment_is_read_by_the_sites_clock_or_by_its_offset(text: str, utc: str) -> None:
    assert moment_words(at(text), UTC) == utc


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tomorrow", "no date or time"),
        ("2026-03-29T02:30", "skipped by the clocks"),
        ("0001-01-01", "beyond all"),
        ("0001-01-01T00:00+02:00", "beyond all"),
    ],
)
def test_what_is_no_moment_is_one_line(text: str, why: str) -> None:
    with pytest.raises(BadMoment, match=why):
        at(text)


def test_a_stretch_is_cut_at_local_midnights() -> None:
    parts = day_parts(at("2026-10-24T20:00"), at("2026-10-26T03:00"), BERLIN)
    assert [(part.is_whole, (part.to_ms - part.from_ms) // HOUR_MS) for part in parts] == [
        (False, 4),
        (True, 25),
        (False, 3),
    ]
    assert parts[0].hour_bytes() == (20 * ROW_BYTES, 24 * ROW_BYTES)
    assert parts[1].hour_bytes() == (0, 25 * ROW_BYTES)


def test_the_short_last_hour_of_a_day_is_an_hour_too() -> None:
    """On Lord Howe clocks change by half an hour."""
    (part,) = day_parts(at("2026-10-04T23:30", LORD_HOWE), at("2026-10-05", LORD_HOWE), LORD_HOWE)
    assert part.to_ms - part.from_ms == HOUR_MS // 2
    assert part.hour_bytes() == (23 * ROW_BYTES, 24 * ROW_BYTES)


@pytest.mark.parametrize(
    ("begin", "end", "why"),
    [
        ("2026-11-26T10:00", "2026-11-26T10:00", "--to must be later than --from"),
        ("2026-11-26T10:30", "2026-11-26T12:00", "2026-11-26T10:30 is no full hour"),
        ("2026-11-26T10:00", "2026-11-26T12:15", "2026-11-26T12:15 is no full hour"),
    ],
)
def test_only_whole_hours_can_be_erased(begin: str, end: str, why: str) -> None:
    with pytest.raises(NotErasable, match=why):
        day_parts(at(begin), at(end), BERLIN)


def test_a_day_loses_what_its_erased_hours_held_to_the_last_digit() -> None:
    (part,) = day_parts(at("2026-11-26T10:00"), at("2026-11-26T12:00"), BERLIN)
    many = np.zeros(row.WIDTH, np.int64)
    many[row.FACE_FRAMES], many[row.VISITS] = 2**53 + 1, 7  # more than a double can tell
    hours = np.stack([many, many]).astype(row.STORED).tobytes()
    step = make_step("mark", part, [Stored(CAMERA, b"x", hours, has_hours=True)], at("2026-11-27"), BERLIN)
    less = step.operations.index("less")
    assert step.operations[less : less + 7] == ["less", 3, 2, row.FACE_FRAMES, 2**54 + 2, row.VISITS, 14]
    assert step.keys[2] == keys.window_chunk(CAMERA, Resolution.DAY, "20261126")


def test_what_is_kept_no_more_is_not_touched() -> None:
    (part,) = day_parts(at("2026-11-26"), at("2026-11-27"), BERLIN)
    whole = [Stored(CAMERA, b"", b"", has_hours=False)]
    soon, late = (make_step("mark", part, whole, at(text), BERLIN) for text in ("2026-11-27", "2027-02-01"))
    assert {name.split(":")[-2] for name in soon.keys[1:]} == set(Resolution)
    assert {name.split(":")[-2] for name in late.keys[1:]} == {"1d", "1h"}


NOW_MS = at("2026-11-26T14:10")


@pytest.mark.parametrize(
    ("unsettled", "latest", "why"),
    [
        (Unsettled(NOW_MS), "2026-11-26T12:00", "erased from 2026-11-26T14:35 on; now, --to may be .*T12:00"),
        (
            Unsettled(NOW_MS, unread_ms=NOW_MS - 3 * HOUR_MS),
            "2026-11-26T09:00",
            "after an aggregator has counted what waits .*; now, --to may be .*T09:00",
        ),
        (
            Unsettled(NOW_MS, open_ms=NOW_MS - 5 * HOUR_MS),
            "2026-11-26T09:00",
            "after an aggregator has counted",
        ),
    ],
    ids=["time", "unread events", "an open visit"],
)
def test_what_may_still_change_is_not_erased(unsettled: Unsettled, latest: str, why: str) -> None:
    unsettled.check(at(latest), BERLIN)
    with pytest.raises(NotErasable, match=why):
        unsettled.check(at(latest) + HOUR_MS, BERLIN)


def test_a_minute_after_the_time_that_is_told_it_is_free() -> None:
    end_ms = at("2026-11-26T13:00")
    Unsettled(end_ms + SEALED_AFTER_MS).check(end_ms, BERLIN)
    with pytest.raises(NotErasable):
        Unsettled(end_ms + SEALED_AFTER_MS - 1).check(end_ms, BERLIN)


def test_open_visits_are_told_from_what_else_is_remembered_of_a_camera() -> None:
    fields = {
        b"visit:00:1:": b'{"first_ms":1,"last_ms":9,"faces":3}',
        b"visit:00:1:till": b'{"first_ms":1,"last_ms":5}',
        b"closed:00:2:": b"7",
        b"session:00": b'{"latest_ms":1,"heard_ms":2}',
    }
    assert sorted(last_faces_ms(fields)) == [5, 9]


def test_a_record_is_read_as_it_was_written() -> None:
    record = Erasure(
        id="0123456789abcdef",
        state="done",
        at_ms=3,
        camera=CAMERA,
        from_ms=1,
        to_ms=2,
        visits=4,
        frames=5,
        by="ann",
    )
    assert decode_erasure(encode_erasure(record)) == record


@pytest.fixture
def store(redis_server: RedisServer, redis_client: redis.Redis) -> RedisServer:
    rows = {at("2026-11-01T10:00"): row_of("happy", "sad"), at("2026-11-01T11:00"): row_of("happy")}
    write_windows(redis_client, CAMERA, rows, UTC)
    return redis_server


WANTED = ("erase", "--camera", CAMERA, "--from", "2026-11-01T09:00", "--to", "2026-11-01T10:00")


def command(store: RedisServer, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "admin", *words],
        env={**os.environ, **store.environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def answering(store: RedisServer, answer: str) -> str:
    """What the command says to somebody at a terminal."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "admin", *WANTED],
        env={**os.environ, **store.environment},
        stdin=its,
        stdout=subprocess.PIPE,
        text=True,
    ) as asked:
        os.write(ours, f"{answer}\n".encode())
        said, _ = asked.communicate(timeout=240)
    os.close(ours)
    os.close(its)
    return said


def test_it_says_what_will_go_and_asks(store: RedisServer, redis_client: redis.Redis) -> None:
    said = answering(store, "no")
    assert f"{CAMERA}, 2026-11-01T09:00 to 2026-11-01T10:00 (UTC): 2 visits, 4 frames with faces" in said
    assert said.endswith("Type yes: Nothing was erased.\n")
    assert not redis_client.exists(keys.ERASURES)
    assert "Erased: 2 visits, 4 frames with faces, 0 past alerts. Record " in answering(store, "yes")


def test_where_nobody_can_be_asked_it_needs_a_word(store: RedisServer) -> None:
    refused = command(store, *WANTED)
    assert refused.returncode == 1
    assert refused.stderr == "admin: nobody is there to be asked: --yes erases without asking\n"
    assert (
        "Erased: 2 visits"
        in command(store, *WANTED, "--yes", "--by", "ann", "--reason", "[a letter] [/inbox/17]").stdout
    )
    listed = command(store, "erase", "--list").stdout
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert all(
        word in listed for word in ("ann", CAMERA, "2026-11-01T09:00", "[a letter] [/inbox/17]", today)
    )
    assert "NOT FINISHED" not in listed


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--camera", "Shop"), "'Shop' is no camera"),
        (("--camera", CAMERA), "say what with --from and --to"),
        ((*WANTED[1:], "--reason", "x" * 501), "--reason is longer than 500 characters"),
    ],
)
def test_a_word_that_is_wrong_is_one_line(
    store: RedisServer, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], why: str
) -> None:
    monkeypatch.setenv("MOODLENS_REDIS_URL", store.url)
    arguments = build_parser().parse_args(["erase", *words])
    with pytest.raises(NotErasable, match=why):
        arguments.do(arguments)
