"""The plan of a simulated store, and the events that tell it."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from contract.codec import LogEvent, decode, encode
from contract.events import CameraReport, FrameEmotions
from contract.labels import LABELS
from contract.windows import GRAIN_MS
from demo.backfill import read_card, shift_events
from demo.habits import CAMERAS, HABITS, SUNDAY, Camera, Role
from demo.history import parse
from demo.plan import Floats, Plan, Visit, frame_times, make_plan, probabilities

DAYS = 14
HOUR_MS = 3_600_000
UNTIL_MS = round(datetime(2026, 11, 25, 15, 20, 7, tzinfo=UTC).timestamp() * 1000)
"""A Wednesday afternoon."""

CARD = read_card()
S: Floats = np.array(CARD.soft_confusion)
ENTRANCE, PROMOTION, QUEUE, AIRPORT = CAMERAS
TRACKER_GAP_MS = 5_000


def plan_of(*cameras: Camera, seed: int = 7, days: int = DAYS) -> Plan:
    return make_plan(cameras or CAMERAS, UNTIL_MS, days, seed, S)


PLAN = plan_of()


def visits(plan: Plan, camera: Camera, days: range | None = None) -> list[tuple[int, Visit]]:
    """The visits of days, each with the number of its day."""
    return [
        (day, visit)
        for day in days or range(plan.days)
        for shift in plan.shifts(camera, day)
        for visit in shift.visits
    ]


def events(plan: Plan, camera: Camera, day: int) -> list[LogEvent]:
    return [
        event
        for shift in plan.shifts(camera, day)
        for event in shift_events(camera.name, shift, CARD.version)
    ]


def local_hour(camera: Camera, at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, camera.time_zone).hour


def rate_of(label: str, seen: list[tuple[int, Visit]]) -> float:
    return sum(LABELS[visit.expression] == label for _, visit in seen) / len(seen)


def test_a_plan_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert plan_of().shifts(QUEUE, 3) == PLAN.shifts(QUEUE, 3)
    assert plan_of(seed=8).shifts(QUEUE, 3) != PLAN.shifts(QUEUE, 3)


def test_a_day_is_the_same_whatever_else_is_planned() -> None:
    alone = replace(plan_of(QUEUE), outage=PLAN.outage)
    assert alone.shifts(QUEUE, 3) == PLAN.shifts(QUEUE, 3)


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: camera.name)
def test_visits_an_hour_follow_the_plan(camera: Camera) -> None:
    found = Counter(local_hour(camera, visit.at_ms[0]) for _, visit in visits(PLAN, camera, range(DAYS - 1)))
    expected = defaultdict[int, float](float)
    for day in range(DAYS - 1):
        for hour in camera.hours.of(PLAN.date_of(camera, day)):
            away = (PLAN.outage.camera, PLAN.outage.day) == (camera.name, day) and hour in PLAN.outage.hours
            expected[hour] += 0 if away else PLAN.visits_expected(camera, day, hour)
    assert found.keys() == expected.keys()
    for hour, mean in expected.items():
        assert abs(found[hour] - mean) < 4 * mean**0.5, f"{hour} h: Poisson's σ is √{mean:.0f}"


def test_shops_are_fuller_at_peaks_and_on_saturdays() -> None:
    wednesday = DAYS - 1
    saturday = wednesday - 4
    assert PLAN.visits_expected(QUEUE, wednesday, 17) > 2 * PLAN.visits_expected(QUEUE, wednesday, 9)
    day_of = [
        sum(PLAN.visits_expected(QUEUE, day, hour) for hour in QUEUE.hours.of(PLAN.date_of(QUEUE, day)))
        for day in (wednesday, saturday)
    ]
    assert day_of[1] > 1.2 * day_of[0]


def test_opening_hours_are_local_and_other_ones_on_sundays() -> None:
    camera = replace(ENTRANCE, time_zone=ZoneInfo("Asia/Kolkata"))
    plan = replace(plan_of(camera), outage=replace(PLAN.outage, camera="none/none"))
    for day in range(DAYS - 1):
        (shift,) = plan.shifts(camera, day)
        opens, closes = (
            camera.hours.sundays if plan.date_of(camera, day).weekday() == SUNDAY else camera.hours.weekdays
        )
        start = datetime.fromtimestamp(shift.start_ms / 1000, camera.time_zone)
        assert (start.date(), start.hour, start.minute) == (plan.date_of(camera, day), opens, 0)
        assert shift.end_ms - shift.start_ms == (closes - opens) * HOUR_MS


def test_the_last_day_ends_at_the_last_whole_window() -> None:
    for camera in CAMERAS:
        (shift,) = PLAN.shifts(camera, DAYS - 1)
        assert shift.end_ms == UNTIL_MS // GRAIN_MS * GRAIN_MS
        assert max(visit.at_ms[-1] for visit in shift.visits) < shift.end_ms


def test_a_plan_that_ends_before_opening_has_nothing_that_day() -> None:
    plan = replace(PLAN, until_ms=UNTIL_MS - 9 * HOUR_MS)
    assert plan.shifts(ENTRANCE, DAYS - 1) == []
    assert plan.shifts(AIRPORT, DAYS - 1) != []


def test_an_outage_has_neither_frames_nor_reports_and_splits_the_run_of_the_camera() -> None:
    camera = next(camera for camera in CAMERAS if camera.name == PLAN.outage.camera)
    before, after = PLAN.shifts(camera, PLAN.outage.day)
    assert before.session != after.session
    assert after.start_ms - before.end_ms == len(PLAN.outage.hours) * HOUR_MS
    for event in events(PLAN, camera, PLAN.outage.day):
        at_ms = event.from_ms if isinstance(event, CameraReport) else event.captured_at_ms
        assert local_hour(camera, at_ms) not in PLAN.outage.hours
    assert PLAN.outage.day < DAYS - 1


def test_the_queue_is_tenser_at_peaks_and_less_so_with_more_staff() -> None:
    few, many = PLAN.staffed_from - 1, PLAN.staffed_from

    def unpleasant(day: int, hour: int) -> float:
        shown = PLAN.expressions(QUEUE, day, hour)
        return float(sum(shown[LABELS.index(label)] for label in ("angry", "sad", "disgust", "fear")))

    assert unpleasant(few, 17) > 1.3 * unpleasant(few, 9)
    assert unpleasant(few, 17) > 1.3 * unpleasant(many, 17)


def test_what_is_drawn_shows_the_promotion_and_the_staff() -> None:
    plan = plan_of(days=28)
    promoted = visits(plan, PROMOTION, plan.promotion)
    usual = visits(plan, PROMOTION, range(plan.promotion.start))
    assert rate_of("happy", promoted) > 1.2 * rate_of("happy", usual)
    before = visits(plan, QUEUE, range(plan.staffed_from))
    after = visits(plan, QUEUE, range(plan.staffed_from, plan.days))
    assert rate_of("angry", after) < rate_of("angry", before)


@pytest.mark.parametrize("role", Role)
def test_expressions_are_shares(role: Role) -> None:
    assert sum(HABITS[role].expressions) == pytest.approx(1)
    assert PLAN.expressions(Camera("a/b", role), 9, 17).sum() == pytest.approx(1)


@pytest.mark.parametrize("label", LABELS)
def test_mean_probabilities_of_an_expression_are_its_row_of_s(label: str) -> None:
    mean = S[LABELS.index(label)]
    random = np.random.default_rng(1)
    means = np.array([probabilities(mean, 4, random).mean(axis=0) for _ in range(3000)])
    error = means.std(axis=0) / np.sqrt(len(means))
    assert (np.abs(means.mean(axis=0) - mean) < 4.5 * error + 1e-6).all()


def test_visits_last_as_long_as_a_log_normal_and_are_never_cut_into_two() -> None:
    seen = visits(PLAN, PROMOTION)
    dwells_s = np.array([visit.at_ms[-1] - visit.at_ms[0] for _, visit in seen]) / 1000
    assert np.median(dwells_s) == pytest.approx(HABITS[Role.PROMOTION].dwell_s, rel=0.1)
    assert dwells_s.min() >= 1
    for _, visit in seen:
        assert len(visit.at_ms) == len(visit.frontal) == len(visit.probabilities) >= 2
        assert all(0 < later - earlier < TRACKER_GAP_MS for earlier, later in pairwise(visit.at_ms))


def test_frames_include_both_ends_of_a_visit() -> None:
    assert frame_times(1_000, 2_000) == (1_000, 2_000)
    assert frame_times(0, 4_000) == (0, 4_000)
    assert frame_times(0, 4_001) == (0, 2_000, 4_001)


def test_events_are_valid_in_order_and_report_every_frame() -> None:
    told = events(PLAN, QUEUE, 3)
    clock_ms, published = 0, Counter[int]()
    for event in told:
        assert decode(encode(event), type(event)) == event
        at_ms = event.to_ms if isinstance(event, CameraReport) else event.captured_at_ms
        assert at_ms >= clock_ms
        clock_ms = at_ms
    frames = [event for event in told if isinstance(event, FrameEmotions)]
    reports = [event for event in told if isinstance(event, CameraReport)]
    assert len(frames) + len(reports) == len(told)
    assert [frame.frame for frame in frames] == list(range(len(frames)))
    assert [report.seq for report in reports] == list(range(len(reports)))
    for frame in frames:
        published[frame.captured_at_ms // GRAIN_MS] += 1
    for report in reports:
        assert report.from_ms % GRAIN_MS == 0
        assert report.to_ms - report.from_ms == report.analysed_ms == GRAIN_MS
        assert report.frames_published == published.pop(report.from_ms // GRAIN_MS, 0)
    assert not published
    assert {frame.model for frame in frames} == {CARD.version}


def test_without_arguments_the_usual_cameras_get_four_weeks() -> None:
    given = parse([])
    assert (given.days, given.redis_url) == (28, None)
    assert [camera.name for camera in given.cameras] == [camera.name for camera in CAMERAS]


def test_sites_asked_for_have_a_camera_of_each_role_in_their_time_zone() -> None:
    given = parse(["--site", "north", "--site", "south", "--time-zone", "Europe/Berlin", "--days", "2"])
    assert [(camera.name, camera.role) for camera in given.cameras] == [
        (f"{site}/{role}", role) for site in ("north", "south") for role in Role
    ]
    assert {str(camera.time_zone) for camera in given.cameras} == {"Europe/Berlin"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--days 0", "0 is no number of days: 1 to 400"),
        ("--days 401", "401 is no number of days: 1 to 400"),
        ("--seed -1", "-1 is no whole number from 0 on"),
        ("--site A/b", "A/b is no name of a site: a-z, 0-9 and -"),
        ("--time-zone Mars", "'Mars' is no IANA time zone"),
    ],
)
def test_wrong_arguments_are_refused_with_the_reason(
    arguments: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(arguments.split())
    assert says in capsys.readouterr().err
