"""Alerts up and down.

In a timeline a letter is a window: `x` breaks the rule, `.` keeps it, `-` lies between, `?` says nothing; in
the result `^` raises the alert and `v` clears it.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.alarms import CALM, state_after
from aggregator.baseline import deviation
from aggregator.grid import same_hours, window_at
from aggregator.judgement import decide, dismiss
from aggregator.standing import Standing
from aggregator.verdicts import SeenWindow, Verdict, find
from contract.announcements import Alert
from contract.labels import LABELS
from contract.rules import BadRule, DeviationRule, Measure, Rule, ThresholdRule, decode_rule
from contract.windows import Resolution
from tests.support.events import CAMERA
from tests.support.rows import row_of

QUARTER_MS = 900_000
START_MS = 1_780_000_200_000 // QUARTER_MS * QUARTER_MS
K = 5
VERDICTS = {"x": Verdict.BROKEN, ".": Verdict.KEPT, "-": Verdict.BETWEEN, "?": Verdict.UNKNOWN}


def changes(drawn: str, windows: int) -> str:
    rule = ThresholdRule(below=0.0, windows=windows)
    state, result = CALM, ""
    for number, letter in enumerate(drawn):
        state, transition = state_after(state, rule, VERDICTS[letter], START_MS + number * QUARTER_MS)
        result += {"raised": "^", "cleared": "v", None: " "}[transition]
        if transition == "cleared":
            state = CALM
    return result.rstrip()


@pytest.mark.parametrize(
    ("windows", "drawn", "expected"),
    [
        (1, "x", "^"),
        (1, "xxx.xx", "^  v^"),
        (2, "x.xx", "   ^"),
        (2, "x-xx", "   ^"),
        (2, "x?xx", "   ^"),  # a window that says nothing is no window in a row
        (2, "xx..", " ^ v"),
        (2, "xx.x..", " ^   v"),
        (2, "xx.-..", " ^   v"),  # hysteresis: not far enough back
        (2, "xx----", " ^"),
        (2, "xx.?.", " ^  v"),  # a night without visits clears nothing, and starts nothing over
        (3, "xx.xxxxxx", "     ^"),
        (1, "????", ""),
    ],
)
def test_an_alert_goes_up_and_down_once(windows: int, drawn: str, expected: str) -> None:
    assert changes(drawn, windows) == expected


@given(drawn=st.text("x.-?", max_size=60), windows=st.integers(1, 4))
def test_raised_and_cleared_take_turns(drawn: str, windows: int) -> None:
    turns = changes(drawn, windows).replace(" ", "")
    assert turns == ("^v" * len(turns))[: len(turns)]


def seen(*moods: str, number: int = 0, analysed_ms: int = QUARTER_MS) -> SeenWindow:
    window = window_at(Resolution.QUARTER, START_MS + number * QUARTER_MS, UTC)
    return SeenWindow(window, row_of(*moods, analysed_ms=analysed_ms), [])


@pytest.mark.parametrize(
    ("rule", "moods", "verdict"),
    [
        (ThresholdRule(below=0.0), ["sad"] * 5, Verdict.BROKEN),
        (ThresholdRule(below=0.0), ["sad"] * 4, Verdict.UNKNOWN),
        (ThresholdRule(below=0.0), ["neutral"] * 5, Verdict.BETWEEN),
        (ThresholdRule(below=0.0, hysteresis=0), ["neutral"] * 5, Verdict.KEPT),
        (ThresholdRule(below=0.0), ["happy"] * 5, Verdict.KEPT),
        (
            ThresholdRule(measure=Measure.ANGRY, above=0.3),
            ["angry", "angry", *["neutral"] * 3],
            Verdict.BROKEN,
        ),
        (ThresholdRule(measure=Measure.VISITS, above=6), ["happy"] * 7, Verdict.BROKEN),
        (ThresholdRule(measure=Measure.VISITS, below=1), ["happy"] * 4, Verdict.BROKEN),  # fewer than k are 0
        (ThresholdRule(measure=Measure.COVERAGE, below=0.5), [], Verdict.KEPT),
        (ThresholdRule(measure=Measure.DWELL_MS, below=5_000), ["sad"] * 5, Verdict.BROKEN),
        (ThresholdRule(measure=Measure.ATTENTION, above=0.4), ["sad"] * 5, Verdict.BROKEN),
        (ThresholdRule(measure=Measure.UNCERTAIN, above=0.4), ["sad"] * 5, Verdict.KEPT),
    ],
)
def test_what_a_threshold_says_of_a_window(rule: Rule, moods: list[str], verdict: Verdict) -> None:
    assert find(rule, seen(*moods), K).verdict is verdict


def test_coverage_is_watched_where_nobody_passes_by() -> None:
    rule = ThresholdRule(measure=Measure.COVERAGE, below=0.5)
    found = find(rule, seen(analysed_ms=QUARTER_MS // 10), K)
    assert (found.verdict, found.value) == (Verdict.BROKEN, 0.1)


def test_a_camera_that_is_off_is_no_empty_shop() -> None:
    rule = ThresholdRule(measure=Measure.VISITS, below=5)
    assert find(rule, seen(), K).verdict is Verdict.BROKEN
    assert find(rule, seen(analysed_ms=0), K).verdict is Verdict.UNKNOWN


def test_how_few_visits_there_were_is_not_told() -> None:
    assert find(ThresholdRule(measure=Measure.VISITS, below=9), seen("sad"), K).value is None
    assert find(ThresholdRule(measure=Measure.VISITS, below=9), seen(*["sad"] * 6), K).value == 6


def test_decisions_do_not_depend_on_how_windows_are_cut_into_looks() -> None:
    windows = [seen(*[mood] * 5, number=i) for i, mood in enumerate(["sad"] * 4 + ["happy"] * 4)]
    rules = {
        "gloomy": ThresholdRule(below=0.0, windows=2),
        "all": ThresholdRule(measure=Measure.SAD, above=0.9),
    }
    whole_standing = Standing((Resolution.QUARTER,))
    whole = decide(CAMERA, whole_standing, rules, windows, K, UTC, START_MS)
    parts_standing = Standing((Resolution.QUARTER,))
    parts = []
    for window in windows:
        stored = (parts_standing.outlet_fields(), parts_standing.alert_fields())
        read = ({name.encode(): value for name, value in fields.items()} for fields in stored)
        parts_standing = Standing.load((Resolution.QUARTER,), *read)
        parts += decide(CAMERA, parts_standing, rules, [window], K, UTC, START_MS)
    assert parts == whole
    assert parts_standing == whole_standing
    alerts = [(a.rule, a.state) for a in whole if isinstance(a, Alert)]
    assert alerts == [("gloomy", "raised"), ("all", "raised"), ("gloomy", "cleared"), ("all", "cleared")]


def test_windows_that_were_passed_over_end_a_streak() -> None:
    standing = Standing(())
    rules = {"gloomy": ThresholdRule(below=0.0, windows=2)}
    sad = ["sad"] * 5
    assert not decide(CAMERA, standing, rules, [seen(*sad, number=0), seen(*sad, number=5)], K, UTC, START_MS)
    assert decide(CAMERA, standing, rules, [seen(*sad, number=6)], K, UTC, START_MS)


def test_a_streak_of_a_rule_that_was_changed_is_none_of_the_new_one() -> None:
    gloomy, empty = (
        ThresholdRule(below=0.0, windows=3),
        ThresholdRule(measure=Measure.VISITS, below=1, windows=3),
    )
    state = CALM
    for number in range(2):
        state, _ = state_after(state, gloomy, Verdict.BROKEN, START_MS + number * QUARTER_MS)
    for number in range(2, 5):
        state, transition = state_after(state, empty, Verdict.BROKEN, START_MS + number * QUARTER_MS)
        assert transition == ("raised" if number == 4 else None)
    assert state.since_ms == START_MS + 2 * QUARTER_MS


def test_a_rule_taken_away_takes_its_alert_along() -> None:
    standing = Standing(())
    decide(CAMERA, standing, {"gloomy": ThresholdRule(below=0.0, windows=1)}, [seen(*["sad"] * 5)], K, UTC, 0)
    assert dismiss(CAMERA, standing, {"gloomy"}, 1) == []
    (alert,) = dismiss(CAMERA, standing, set(), 1)
    assert (alert.rule, alert.state, alert.value) == ("gloomy", "cleared", None)
    assert dismiss(CAMERA, standing, set(), 1) == []


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"kind":"threshold"}',
        b'{"kind":"threshold","below":0,"above":1}',
        b'{"kind":"threshold","below":"low"}',
        b'{"kind":"threshold","below":0,"windows":0}',
        b'{"kind":"threshold","below":0,"resolution":"7min"}',
        b'{"kind":"threshold","below":0,"hysteresis":-1}',
        b'{"kind":"threshold","below":0,"treshold":1}',
        b'{"kind":"deviation","z":0}',
        b'{"kind":"deviation","z":2,"clear_z":3}',
        b'{"kind":"deviation","weeks":3,"weeks_min":4}',
        b'{"kind":"horoscope"}',
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_in_one_line(payload: bytes) -> None:
    with pytest.raises(BadRule) as refusal:
        decode_rule("gloomy", payload)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["", "Gloomy", "a:b", "a b", "x" * 64])
def test_a_rule_has_a_plain_name(name: str) -> None:
    with pytest.raises(BadRule, match="its name"):
        decode_rule(name, b'{"kind":"deviation"}')


def test_rules_are_read_with_their_defaults() -> None:
    assert decode_rule("a", b'{"kind":"threshold","below":0}') == ThresholdRule(below=0)
    assert decode_rule("a", b'{"kind":"deviation","z":2.5}') == DeviationRule(z=2.5)
    assert {measure.label for measure in Measure} == {None, *LABELS}


# Deviation from the same hour of earlier weeks.

USUAL = ["happy"] * 10 + ["neutral"] * 10
GLOOMY = ["sad"] * 15 + ["neutral"] * 5


def test_an_hour_like_those_before_is_near_and_another_is_far() -> None:
    weeks = [row_of(*USUAL) for _ in range(4)]
    same, other = (deviation(row_of(*moods), weeks, K, 3) for moods in (USUAL, GLOOMY))
    assert same is not None
    assert other is not None
    assert abs(same.z) < 0.01
    assert other.z < -4
    assert other.baseline == pytest.approx(0.435)


def test_weeks_that_differ_among_themselves_make_a_difference_ordinary() -> None:
    calm = [row_of(*USUAL) for _ in range(4)]
    restless = [row_of(*["happy"] * happy, *["sad"] * (20 - happy)) for happy in (18, 6, 14, 4)]
    moods = ["happy"] * 6 + ["neutral"] * 14
    usual, ordinary = deviation(row_of(*moods), calm, K, 3), deviation(row_of(*moods), restless, K, 3)
    assert usual is not None
    assert ordinary is not None
    assert abs(ordinary.z) < 1 < abs(usual.z)


@pytest.mark.parametrize(
    ("now", "weeks", "k"),
    [
        (USUAL, [USUAL, USUAL], 5),  # too few weeks
        (USUAL, [USUAL, USUAL, ["sad"] * 4], 5),  # one of them with too few visits
        (["sad"] * 4, [USUAL] * 4, 5),
        (["sad"], [USUAL] * 4, 1),  # one visit has no spread
    ],
)
def test_too_little_is_no_judgement(now: list[str], weeks: list[list[str]], k: int) -> None:
    assert deviation(row_of(*now), [row_of(*week) for week in weeks], k, 3) is None


def test_visits_that_are_all_alike_are_no_proof_of_a_tiny_difference() -> None:
    weeks = [row_of(*["happy"] * 50) for _ in range(4)]
    nearly = row_of(*["happy"] * 50)
    nearly[10 + LABELS.index("happy")] -= 50 * 20_000  # 2% less, each
    found = deviation(nearly, weeks, K, 3)
    assert found is not None
    assert -2 < found.z < 0


def test_an_alert_of_an_unusual_hour_says_how_unusual() -> None:
    window = window_at(Resolution.HOUR, START_MS, UTC)
    rules: dict[str, Rule] = {"unusual": DeviationRule(weeks_min=3)}
    weeks = [row_of(*USUAL) for _ in range(8)]
    (alert,) = decide(
        CAMERA, Standing(()), rules, [SeenWindow(window, row_of(*GLOOMY), weeks)], K, UTC, START_MS
    )
    assert isinstance(alert, Alert)
    assert alert.state == "raised"
    assert (alert.value, alert.limit) == (-0.55, 0.43)
    assert alert.deviation is not None
    assert alert.deviation < -3


@pytest.mark.parametrize(
    ("zone", "hour", "earlier"),
    [
        (
            "Europe/Berlin",
            (2026, 4, 1, 10),
            [(2026, 3, 25, 10), (2026, 3, 18, 10)],
        ),  # across the change in March
        ("Australia/Lord_Howe", (2026, 4, 8, 10), [(2026, 4, 1, 10), (2026, 3, 25, 10)]),  # by half an hour
        ("Asia/Kathmandu", (2026, 4, 8, 10), [(2026, 4, 1, 10), (2026, 3, 25, 10)]),
    ],
)
def test_the_same_hour_is_the_one_on_the_wall(
    zone: str, hour: tuple[int, int, int, int], earlier: list[tuple[int, int, int, int]]
) -> None:
    time_zone = ZoneInfo(zone)

    def at_ms(year: int, month: int, day: int, hour: int) -> int:
        return round(datetime(year, month, day, hour, tzinfo=time_zone).timestamp() * 1000)

    window = window_at(Resolution.HOUR, at_ms(*hour), time_zone)
    found = same_hours(window, 2, time_zone)
    assert [hour.start_ms for hour in found] == [at_ms(*expected) for expected in earlier]
