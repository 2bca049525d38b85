import pytest
from msgspec.structs import replace

from contract.announcements import Alert
from contract.rules import DeviationRule, Measure, Rule, ThresholdRule
from contract.windows import Resolution
from dashboard.words.alerts import alert_words, amount, rule_words
from tests.support.events import CAMERA

TOLD = Alert(
    schema=1,
    id="1",
    camera=CAMERA,
    rule="gloomy",
    state="raised",
    measure="index",
    resolution=Resolution.QUARTER,
    from_ms=0,
    to_ms=900_000,
    decided_at_ms=900_000,
    value=-0.21,
    limit=0.0,
    deviation=None,
    text="the aggregator's own words",
)


@pytest.mark.parametrize(
    ("measure", "value", "said"),
    [
        (Measure.INDEX, -0.21, "−0.21"),
        (Measure.INDEX, 0.1, "+0.10"),
        (Measure.INDEX, -0.001, "0.00"),
        (Measure.HAPPY, 0.43, "43 %"),
        (Measure.DWELL_MS, 12_300, "12 s"),
        (Measure.VISITS, 8.0, "8"),
    ],
)
def test_a_value_is_told_in_the_unit_that_people_read(measure: Measure, value: float, said: str) -> None:
    assert amount(measure, value) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (ThresholdRule(below=0.0), "mood index below 0.00 for 3 × 15 minutes"),
        (
            ThresholdRule(measure=Measure.SAD, above=0.3, windows=1, resolution=Resolution.HOUR),
            "share of sad above 30 % for one hour",
        ),
        (
            ThresholdRule(measure=Measure.VISITS, below=20, windows=2, resolution=Resolution.DAY),
            "visits below 20 for 2 days in a row",
        ),
        (
            DeviationRule(z=4),
            (
                "mood index for an hour far from what is usual at that hour and weekday "
                "(by more than 4 standard errors, over 8 weeks)"
            ),
        ),
    ],
)
def test_a_rule_is_told_in_plain_words(rule: Rule, said: str) -> None:
    assert rule_words(rule) == said


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        (TOLD, "mood index below 0.00: −0.21"),
        (replace(TOLD, measure="share_sad", value=0.4, limit=0.3), "share of sad above 30 %: 40 %"),
        (
            replace(TOLD, value=0.5, limit=0.31, deviation=4.2),
            "mood index +0.50: above what is usual at that hour (+0.31)",
        ),
        (replace(TOLD, measure="charm"), "the aggregator's own words"),
        (
            replace(
                TOLD, measure="share_sad", value=0.2, limit=0.2, text="x: share_sad above 0.2 (15min): 0.2"
            ),
            "share of sad above 20 %: 20 %",
        ),
        (
            replace(TOLD, value=0.1, state="cleared", text="x: index no longer below 0 (15min): 0.1"),
            "mood index below 0.00: +0.10",
        ),
    ],
)
def test_an_alert_is_told_in_plain_words(alert: Alert, said: str) -> None:
    assert alert_words(alert, k=5) == said


@pytest.mark.parametrize("value", [None, 4.0])
def test_visits_below_k_are_not_told_by_an_alert(value: float | None) -> None:
    alert = replace(TOLD, measure="visits", value=value, limit=10.0)
    assert alert_words(alert, k=5) == "visits below 10: too few visits to say how many"
