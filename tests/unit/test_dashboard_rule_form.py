from dataclasses import replace

import pytest

from contract.rules import DeviationRule, Measure, Rule, ThresholdRule
from contract.windows import Resolution
from dashboard.alerts.rule_form import DEVIATION, SENTENCES, TAKEN, Fields, fields_of, rule_of

GLOOMY = Fields(name="gloomy")
UNUSUAL = Fields(name="unusual", kind=DEVIATION, windows=1)


@pytest.mark.parametrize(
    "rule",
    [
        ThresholdRule(below=0.0),
        ThresholdRule(
            measure=Measure.HAPPY, above=0.45, windows=1, resolution=Resolution.HOUR, hysteresis=0.1
        ),
        ThresholdRule(measure=Measure.DWELL_MS, above=45_000.0, hysteresis=5_000.0),
        ThresholdRule(measure=Measure.VISITS, below=20.0, resolution=Resolution.DAY, hysteresis=1.0),
        DeviationRule(),
        DeviationRule(z=4.0, clear_z=1.5, weeks=12, weeks_min=4, windows=2),
    ],
)
def test_a_rule_put_into_the_form_comes_out_of_it(rule: Rule) -> None:
    assert rule_of(fields_of("gloomy", rule)) == (rule, {})


def test_people_give_shares_in_percent_and_dwell_in_seconds() -> None:
    rule, _ = rule_of(replace(GLOOMY, measure=Measure.HAPPY, limit=45.0, hysteresis=5.0))
    assert rule == ThresholdRule(measure=Measure.HAPPY, below=0.45, hysteresis=0.05)
    rule, _ = rule_of(replace(GLOOMY, measure=Measure.DWELL_MS, side="above", limit=45.0, hysteresis=5.0))
    assert rule == ThresholdRule(measure=Measure.DWELL_MS, above=45_000.0, hysteresis=5_000.0)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (replace(GLOOMY, name=""), "name"),
        (replace(GLOOMY, name="Gloomy hour"), "name"),
        (replace(GLOOMY, limit=None), "limit"),
        (replace(GLOOMY, windows=0), "windows"),
        (replace(GLOOMY, windows=101), "windows"),
        (replace(GLOOMY, hysteresis=-1.0), "hysteresis"),
        (replace(UNUSUAL, z=0.0), "z"),
        (replace(UNUSUAL, clear_z=5.0), "clear_z"),
        (replace(UNUSUAL, clear_z=-1.0), "clear_z"),
        (replace(UNUSUAL, weeks=30), "weeks"),
        (replace(UNUSUAL, weeks=4, weeks_min=6), "weeks_min"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(fields: Fields, field: str) -> None:
    assert rule_of(fields) == (None, {field: SENTENCES[field]})


def test_a_name_is_given_once() -> None:
    assert rule_of(GLOOMY, taken={"gloomy"}) == (None, {"name": TAKEN})
