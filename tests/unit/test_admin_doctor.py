"""What is said of a server, from facts alone."""

import json
from dataclasses import replace
from typing import Any

import pytest

from admin.doctor import as_json, show
from admin.facts import (
    BrokerFacts,
    CameraFacts,
    CertificateFacts,
    DiskFacts,
    Facts,
    FlowFacts,
    PartitionFacts,
    RedisFacts,
    Unknown,
)
from admin.finding import Finding, Level, worst
from admin.findings import findings
from contract.codec import Reason
from contract.events import SCHEMA, CameraStatus
from dashboard.cameras.reports import Heard, Refusal

NOW_MS = 1_780_000_000_000
DAY_MS = 86_400_000
CAMERA = "shop-1/entrance"


def status(*, online: bool, name: str = CAMERA, since_ms: int = 1) -> CameraStatus:
    return CameraStatus(
        SCHEMA, name, online=online, version="1", detector="yunet", fps=5.0, since_ms=since_ms
    )


BROKER = BrokerFacts("mosquitto version 2.0.21", 9, 5_000_000, 20_000, 0, 0.0, {CAMERA: status(online=True)})
REDIS = RedisFacts("", "8.0.2", 100, 1_000, "noeviction", 0, True, 50, True, True, 4)
CERTIFICATE = CertificateFacts("the broker's", NOW_MS + 100 * DAY_MS, is_served=True)
PARTITION = PartitionFacts(0, 40, 0, None, True, {"mqtt": 0, "webhook": 0})
FLOW = FlowFacts(12, (PARTITION,), 1, 2, 0, ("net-1",), ("net-1",), {})
SEEN = CameraFacts(CAMERA, True, True, False, Heard(NOW_MS, 1_000), None, 1_000, 0, 0, 0)
WELL = Facts(NOW_MS, BROKER, (REDIS,), (CERTIFICATE,), DiskFacts("/secrets", 10_000, 5_000), FLOW, (SEEN,))


def test_where_all_is_well_nothing_is_to_be_done() -> None:
    found = findings(WELL)
    assert worst(found) is Level.OK
    assert not [finding.advice for finding in found if finding.advice]
    servers = {"broker", "Redis", "certificate", "disk"}
    assert {finding.about for finding in found} == servers | {
        "clocks", "model", "workers", "aggregators", "queues", "cameras",
    }  # fmt: skip


def of(kind: str, **changed: Any) -> Facts:
    """``WELL``, but for some facts of a kind."""
    if kind == "partition":
        return of("flow", partitions=(PARTITION, replace(PARTITION, **changed)))
    if kind == "disk":
        return replace(WELL, disk=DiskFacts("/secrets", 10_000, **changed))
    one = {"broker": BROKER, "redis": REDIS, "certificate": CERTIFICATE, "flow": FLOW, "camera": SEEN}[kind]
    other: Any = replace(one, **changed)  # type: ignore[type-var]
    alone = kind in {"broker", "flow"}
    changes: dict[str, Any] = {kind if alone or kind == "redis" else f"{kind}s": other if alone else (other,)}
    return replace(WELL, **changes)


FAULTS: list[tuple[str, dict[str, Any], Level, str]] = [
    ("broker", {"dropped": 70, "dropped_a_minute": 2.5}, Level.ACT, "drops messages: 2.5 a minute"),
    ("broker", {"dropped": 70}, Level.OK, "70 messages were dropped since its start"),
    ("broker", {"version": ""}, Level.LOOK, "tells nothing of itself"),
    ("redis", {"version": "6.2.1"}, Level.ACT, "6.2.1 is too old"),
    ("redis", {"policy": "allkeys-lru"}, Level.ACT, "may throw figures away"),
    ("redis", {"evicted": 3}, Level.ACT, "threw 3 keys away"),
    ("redis", {"max_bytes": 0}, Level.LOOK, "no bound of memory"),
    ("redis", {"used_bytes": 800}, Level.LOOK, "80% of its memory"),
    ("redis", {"used_bytes": 950}, Level.ACT, "95% of its memory"),
    ("redis", {"is_appending": False}, Level.ACT, "keeps nothing on disk"),
    ("redis", {"is_writing": False}, Level.ACT, "cannot write to its disk"),
    ("redis", {"is_rewriting": False}, Level.LOOK, "could not rewrite its file"),
    ("certificate", {"ends_ms": NOW_MS - 1}, Level.ACT, "has ended"),
    ("certificate", {"ends_ms": NOW_MS + 13 * DAY_MS}, Level.ACT, "ends in 13 days"),
    ("certificate", {"ends_ms": NOW_MS + DAY_MS}, Level.ACT, "ends in 1 day"),
    ("certificate", {"ends_ms": NOW_MS + DAY_MS - 1}, Level.ACT, "ends in less than a day"),
    ("certificate", {"ends_ms": NOW_MS + 29 * DAY_MS}, Level.LOOK, "ends in 29 days"),
    ("certificate", {"is_authority": True}, Level.LOOK, "ends in 100 days"),
    ("certificate", {"missing": ("shop.example",)}, Level.ACT, "is not for shop.example"),
    ("certificate", {"is_served": False}, Level.ACT, "is not what the broker serves"),
    ("disk", {"free_bytes": 1_000}, Level.LOOK, "1 kB of 10 kB free"),
    ("disk", {"free_bytes": 400}, Level.ACT, "400 B of 10 kB free"),
    ("disk", {"free_bytes": 40}, Level.ACT, "40 B of 10 kB free"),
    ("flow", {"clock_ms": -5_000}, Level.LOOK, "5 s behind Redis"),
    ("flow", {"clock_ms": 90_000}, Level.ACT, "2 min ahead of Redis"),
    ("flow", {"cards": (), "models": ()}, Level.LOOK, "no worker has told of its model"),
    (
        "flow",
        {"models": ("net-1", "net-2")},
        Level.LOOK,
        "several at once in the last 15 minutes: net-1, net-2",
    ),
    ("flow", {"models": ()}, Level.OK, "none in use in the last 15 minutes"),
    ("flow", {"workers": 0}, Level.ACT, "no face is classified"),
    ("flow", {"orphans": 1}, Level.LOOK, "1 ended without a goodbye"),
    ("flow", {"aggregators": 0}, Level.ACT, "nothing is counted"),
    ("flow", {"refused": {"too_large": 4}}, Level.LOOK, "too large 4"),
    ("partition", {"is_owned": False, "number": 7}, Level.ACT, "nobody counts partitions 7"),
    ("partition", {"unread": 5, "oldest_ms": NOW_MS - 1_000}, Level.OK, "5 events wait"),
    ("partition", {"unread": 5, "oldest_ms": NOW_MS - 20_000}, Level.LOOK, "the oldest for 20 s"),
    ("partition", {"unread": 5, "oldest_ms": NOW_MS - 120_000}, Level.ACT, "the oldest for 2 min"),
    ("partition", {"entries": 150_000}, Level.ACT, "a stream holds 150,000 events"),
    ("partition", {"waiting": {"webhook": 200}}, Level.LOOK, "200 messages wait for webhook"),
    ("partition", {"waiting": {"webhook": 1_900}}, Level.ACT, "1,900 messages wait for webhook"),
    ("camera", {"looked": False}, Level.ACT, "has told of nothing for 15 minutes"),
    (
        "camera",
        {"refusal": Refusal(NOW_MS, Reason.OTHER_CAMERA, "the clock is wrong, ahead and behind")},
        Level.ACT,
        "messages of it are refused, other camera",
    ),
    ("camera", {"refusal": Refusal(NOW_MS + 1, Reason.CLOCK_AHEAD, "x")}, Level.ACT, "clock is wrong (x)"),
    ("camera", {"heard": Heard(NOW_MS, -7_000)}, Level.LOOK, "clock 7 s ahead"),
    ("camera", {"heard": Heard(NOW_MS, 7_000)}, Level.LOOK, "clock 7 s behind, or its reports come late"),
    ("camera", {"shed": 50}, Level.LOOK, "5% of the frames of 15 minutes were shed, most of shop-1/entrance"),
    ("camera", {"expired": 200}, Level.ACT, "20% of the frames of 15 minutes were expired"),
    ("camera", {"dropped": 20}, Level.LOOK, "2% of the frames of 15 minutes were dropped"),
]


@pytest.mark.parametrize(("kind", "changed", "level", "says"), FAULTS, ids=lambda value: str(value)[:40])
def test_each_fault_is_said_with_what_to_do(
    kind: str, changed: dict[str, Any], level: Level, says: str
) -> None:
    found = findings(of(kind, **changed))
    (said,) = [finding for finding in found if says in finding.says]
    assert said.level is level
    assert bool(said.advice) == (level is not Level.OK)
    assert worst(found) is level


def test_a_camera_that_is_offline_matters_while_its_site_is_open() -> None:
    off = replace(WELL, broker=replace(BROKER, statuses={CAMERA: status(online=False)}))
    gone = replace(off, cameras=(replace(SEEN, looked=False),))
    assert "is offline while its site is open" in [finding.says for finding in findings(gone)]
    closed = replace(off, cameras=(replace(SEEN, looked=False, is_open=False),))
    assert worst(findings(closed)) is Level.OK


def test_a_camera_that_is_there_and_not_counted_is_said() -> None:
    new = replace(
        WELL, broker=replace(BROKER, statuses={"shop-1/new": status(online=True, name="shop-1/new")})
    )
    (said,) = [finding for finding in findings(new) if finding.about == "shop-1/new"]
    assert said.level is Level.LOOK


def test_the_first_camera_is_not_said_to_be_missing() -> None:
    first = replace(WELL, broker=replace(BROKER, statuses={CAMERA: status(online=True)}), cameras=())
    assert [finding.about for finding in findings(first) if finding.level is not Level.OK] == [CAMERA]


@pytest.mark.parametrize(("age_ms", "level"), [(7_000, Level.LOOK), (600_000, Level.ACT)])
def test_a_camera_that_has_just_started_is_given_time(age_ms: int, level: Level) -> None:
    started = status(online=True, since_ms=NOW_MS - age_ms)
    new = replace(WELL, broker=replace(BROKER, statuses={CAMERA: started}))
    found = findings(replace(new, cameras=(replace(SEEN, looked=False),)))
    assert worst(found) is level
    assert [finding.about for finding in found if finding.level is not Level.OK] == [CAMERA]


def test_a_camera_that_is_refused_by_its_clock_for_a_week_is_not_taken_for_one_taken_down() -> None:
    refusal = Refusal(NOW_MS, Reason.CLOCK_BEHIND, "900 s behind")
    wrong = replace(SEEN, looked=False, retired=True, heard=None, refusal=refusal)
    found = findings(replace(WELL, cameras=(wrong,)))
    assert [it.says for it in found if "clock is wrong" in it.says]
    assert not [it for it in found if "for a week" in it.says]


def test_a_camera_that_was_taken_down_long_ago_is_no_alarm() -> None:
    facts = replace(WELL, cameras=(SEEN, replace(SEEN, name="shop-1/old", looked=False, retired=True)))
    (said,) = [finding for finding in findings(facts) if finding.level is not Level.OK]
    assert (said.level, said.says) == (Level.LOOK, "shop-1/old: nothing for a week")
    back = {"shop-1/old": status(online=True, name="shop-1/old")}
    assert worst(findings(replace(facts, broker=replace(BROKER, statuses=back)))) is Level.ACT


def test_without_cameras_it_says_how_to_let_one_in() -> None:
    nobody = replace(WELL, broker=replace(BROKER, statuses={}), cameras=())
    (said,) = [finding for finding in findings(nobody) if finding.about == "cameras"]
    assert "admin enroll" in said.advice


def test_what_cannot_be_asked_is_said_once() -> None:
    away = Unknown("Redis does not answer: gone")
    found = findings(replace(WELL, redis=away, flow=away, cameras=away, broker=Unknown("no broker at x:1")))
    grave = [(finding.about, finding.says) for finding in found if finding.level is Level.ACT]
    assert grave == [("broker", "no broker at x:1"), ("Redis", "Redis does not answer: gone")]


@pytest.mark.parametrize("silent", ["flow", "cameras"])
def test_a_redis_that_tells_only_a_part_is_not_well(silent: str) -> None:
    part: dict[str, Any] = {silent: Unknown("does not answer: no permissions")}
    (said,) = [it for it in findings(replace(WELL, **part)) if it.level is Level.ACT]
    assert said.about == "Redis"
    assert "it does not answer: no permissions" in said.says


def test_what_waits_is_judged_by_the_clock_of_redis() -> None:
    waiting = replace(PARTITION, unread=1, oldest_ms=NOW_MS - 70_000)
    ahead = replace(WELL, flow=replace(FLOW, clock_ms=70_000, partitions=(waiting,)))
    (queue,) = [it for it in findings(ahead) if it.about == "queues"]
    assert (queue.level, queue.says) == (Level.OK, "1 event waits to be counted, the oldest for 0 s")


def test_the_gravest_comes_first() -> None:
    levels = [finding.level for finding in findings(of("flow", workers=0, orphans=1))]
    assert levels == sorted(levels, key=[Level.ACT, Level.LOOK, Level.OK].index)


def test_it_is_shown_to_people_and_to_machines(capsys: pytest.CaptureFixture[str]) -> None:
    found = [Finding(Level.ACT, "broker", "[red]x[/red] is gone", "Start it.")]
    show(found)
    shown = capsys.readouterr().out
    assert "[red]x[/red] is gone" in shown
    assert "Start it." in shown
    assert json.loads(as_json(found)) == {
        "level": "act",
        "findings": [
            {"level": "act", "about": "broker", "says": "[red]x[/red] is gone", "advice": "Start it."}
        ],
    }
