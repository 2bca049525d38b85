"""Clocks of cameras, from what stands in a real Redis."""

import pytest

from contract import keys
from contract.codec import Reason, encode
from contract.events import CameraReport
from contract.topics import Suffix, topic
from dashboard.cameras.reports import Heard, Refusal, clock_words, read_heard, read_refusals, refusal_words
from runtime.redis import Client
from tests.support.events import CAMERA, camera_report, frame_emotions

CAME_MS = 1_795_384_800_000
OTHER = "shop-2/till"
HISTORIC = "shop-3/of-a-script"


def log(client: Client, came_ms: int, kind: str, payload: bytes, camera: str = CAMERA) -> None:
    client.xadd(keys.stream(keys.partition_of(camera)), {kind: payload}, id=f"{came_ms}-*")


def report(to_ms: int, camera: str = CAMERA) -> CameraReport:
    return camera_report(to_ms // 10_000, camera=camera, from_ms=to_ms - 10_000, to_ms=to_ms)


def test_a_clock_is_judged_by_the_promptest_of_the_newest_reports(any_redis: Client) -> None:
    log(any_redis, CAME_MS - 20_000, "report", encode(report(CAME_MS - 65_000)))  # sent again
    log(any_redis, CAME_MS - 15_000, "report", encode(report(CAME_MS - 86_400_000, HISTORIC)), HISTORIC)
    log(any_redis, CAME_MS - 10_000, "report", encode(report(CAME_MS - 11_000)))
    log(any_redis, CAME_MS - 5_000, "emotions", encode(frame_emotions(captured_at_ms=CAME_MS - 6_000)))
    log(any_redis, CAME_MS, "report", encode(report(CAME_MS - 1_500)))
    log(any_redis, CAME_MS, "report", b"{}")
    log(any_redis, CAME_MS, "report", encode(report(CAME_MS + 42_000, OTHER)), OTHER)
    assert read_heard(any_redis, [CAMERA, OTHER, HISTORIC], CAME_MS) == {
        CAMERA: Heard(CAME_MS, 1_000),
        OTHER: Heard(CAME_MS, -42_000),
    }


def test_a_report_is_found_behind_all_that_came_since(any_redis: Client) -> None:
    log(any_redis, CAME_MS - 12_000, "report", encode(report(CAME_MS - 13_000)))
    other = encode(frame_emotions(captured_at_ms=CAME_MS - 6_000))
    for _ in range(1_000):
        log(any_redis, CAME_MS - 5_000, "emotions", other)
    assert read_heard(any_redis, [CAMERA], CAME_MS) == {CAMERA: Heard(CAME_MS - 12_000, 1_000)}
    assert read_heard(any_redis, [CAMERA], CAME_MS + 60_000) == {}


def test_the_newest_refusal_of_a_camera_is_told_for_ten_minutes(any_redis: Client) -> None:
    for came_ms, name, detail in (
        (CAME_MS - 700_000, topic("shop-3/old", Suffix.REPORTS), "long ago"),
        (CAME_MS - 20_000, topic(CAMERA, Suffix.FACES), "first"),
        (CAME_MS - 10_000, topic(CAMERA, Suffix.REPORTS), "second"),
        (CAME_MS, "elsewhere", "no camera"),
    ):
        any_redis.xadd(
            keys.REJECTED, {"topic": name, "reason": "clock_ahead", "detail": detail}, id=f"{came_ms}-*"
        )
    assert read_refusals(any_redis, CAME_MS) == {CAMERA: Refusal(CAME_MS - 10_000, "clock_ahead", "second")}


@pytest.mark.parametrize(
    ("delay_ms", "said"),
    [
        (-42_000, "clock 42 s ahead"),
        (-500, "clock is right"),
        (1_900, "clock is right"),
        (180_000, "clock 3 min behind, or its reports come late"),
    ],
)
def test_a_clock_is_told_in_words(delay_ms: int, said: str) -> None:
    assert clock_words(Heard(CAME_MS, delay_ms), None) == said


def test_a_camera_of_which_nothing_is_taken_has_a_wrong_clock() -> None:
    refusal = Refusal(CAME_MS, Reason.CLOCK_AHEAD, "352 s ahead of the server's clock")
    wrong = "clock is wrong (352 s ahead of the server's clock): nothing of it counts until it is set right"
    assert clock_words(None, refusal) == wrong
    assert clock_words(Heard(CAME_MS - 60_000, 0), refusal) == wrong
    assert clock_words(Heard(CAME_MS + 10_000, 0), refusal) == "clock is right"
    assert clock_words(None, None) == ""
    assert refusal_words(refusal) == ""


def test_what_else_is_refused_is_told_with_its_reason() -> None:
    refusal = Refusal(
        CAME_MS, Reason.OTHER_CAMERA, "topic of shop-1/entrance carries an event of shop-1/till"
    )
    assert refusal_words(refusal) == (
        "messages of it are refused, other camera: topic of shop-1/entrance carries an event of shop-1/till"
    )
    assert clock_words(None, refusal) == refusal_words(None) == ""
