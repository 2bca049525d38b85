"""The form of a rule: what is asked for, and where what is wrong with it is said."""

from dataclasses import replace
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from contract.labels import VALENCES
from contract.rules import Measure
from contract.windows import Resolution
from dashboard.alerts.rule_form import ABOVE, BELOW, DEVIATION, THRESHOLD, Fields
from dashboard.words.alerts import LENGTHS, NAMES, unit
from dashboard.words.sentences import few_visits

KINDS: Final = {
    THRESHOLD: "A figure below or above a threshold",
    DEVIATION: "The mood of an hour far from what is usual then",
}

MEASURES: Final = tuple(Measure)
SIDES: Final = (BELOW, ABOVE)
RESOLUTIONS: Final = tuple(Resolution)

Places = dict[str, DeltaGenerator]
"""Field → where a sentence about it can be put."""


def ask_for_rule(key: str, start: Fields, k: int, *, is_named: bool) -> tuple[Fields, Places]:
    """Draws the fields of a rule.

    Args:
        key: what the session knows the fields by; another one, and they begin with ``start`` again.
        start: what they hold at first.
        k: least visits of the site.
        is_named: the rule has its name already.
    """
    places: Places = {"": st.empty()}
    name = start.name
    if not is_named:
        name = st.text_input(
            "Name of the rule", start.name, key=f"{key} name", max_chars=63, placeholder="gloomy-hour"
        ).strip()
        places["name"] = st.empty()
    kind = st.radio(
        "What raises an alert",
        list(KINDS),
        index=list(KINDS).index(start.kind),
        format_func=lambda each: KINDS[each],
        key=f"{key} kind",
    )
    fields = replace(start, name=name, kind=kind)
    if kind == DEVIATION:
        return _ask_for_deviation(key, fields, places), places
    return _ask_for_threshold(key, fields, k, places), places


def _ask_for_threshold(key: str, start: Fields, k: int, places: Places) -> Fields:
    columns = st.columns(3)
    with columns[0]:
        measure = st.selectbox(
            "Figure",
            MEASURES,
            index=MEASURES.index(start.measure),
            format_func=lambda each: NAMES[each],
            key=f"{key} measure",
        )
    is_first = measure is start.measure  # what was there at first is of this figure
    low, high, step = _bounds(measure)
    form = "%.2f" if measure is Measure.INDEX else "%g"
    with columns[1]:
        side = st.radio("Side", SIDES, index=SIDES.index(start.side), key=f"{key} side", horizontal=True)
    with columns[2]:
        limit = st.number_input(
            _with_unit("Threshold", measure),
            min_value=low,
            max_value=high,
            value=start.limit if is_first else None,
            step=step,
            format=form,
            key=f"{key} limit {measure}",
        )
        places["limit"] = st.empty()
    columns = st.columns(3)
    with columns[0]:
        resolution = st.selectbox(
            "Looked at every",
            RESOLUTIONS,
            index=RESOLUTIONS.index(start.resolution),
            format_func=lambda each: LENGTHS[each],
            key=f"{key} resolution",
        )
    with columns[1]:
        windows = _ask_for_windows(key, start, places)
    with columns[2]:
        hysteresis = st.number_input(
            _with_unit("Over when back by", measure),
            min_value=0.0,
            value=start.hysteresis if is_first else step,
            step=step,
            format=form,
            key=f"{key} hysteresis {measure}",
            help="How far beyond the threshold the figure must come back before the alert is over, so that "
            "it does not go on and off.",
        )
        places["hysteresis"] = st.empty()
    st.caption(_about(measure, k))
    return replace(
        start,
        measure=measure,
        side=side,
        limit=limit,
        hysteresis=hysteresis,
        resolution=resolution,
        windows=windows,
    )


def _ask_for_deviation(key: str, start: Fields, places: Places) -> Fields:
    columns = st.columns(3)
    with columns[0]:
        z = st.number_input(
            "Far: more standard errors than",
            value=start.z,
            step=0.5,
            key=f"{key} z",
            help="How far from usual an hour must be. Beyond 3 it is rarely chance; 4 gives fewer alerts.",
        )
        places["z"] = st.empty()
    with columns[1]:
        clear_z = st.number_input(
            "Near again: fewer than",
            value=start.clear_z,
            step=0.5,
            key=f"{key} clear_z",
            placeholder="half of it",
        )
        places["clear_z"] = st.empty()
    with columns[2]:
        windows = _ask_for_windows(key, start, places)
    columns = st.columns(3)
    with columns[0]:
        weeks = st.number_input("Weeks looked back on", value=start.weeks, step=1, key=f"{key} weeks")
        places["weeks"] = st.empty()
    with columns[1]:
        weeks_min = st.number_input(
            "Of these known at least", value=start.weeks_min, step=1, key=f"{key} weeks_min"
        )
        places["weeks_min"] = st.empty()
    st.caption("Each hour is held against the same hour of the same weekday in the weeks before.")
    return replace(start, z=z, clear_z=clear_z, weeks=weeks, weeks_min=weeks_min, windows=windows)


def _ask_for_windows(key: str, start: Fields, places: Places) -> int | None:
    windows = st.number_input(
        "Times in a row",
        value=start.windows,
        step=1,
        key=f"{key} windows",
        help="So often in a row before there is an alert, and so often in a row before it is over.",
    )
    places["windows"] = st.empty()
    return windows


def _bounds(measure: Measure) -> tuple[float, float, float]:
    """Least, most and step of a threshold, in the unit that people read."""
    if measure is Measure.INDEX:
        return min(VALENCES), max(VALENCES), 0.05
    if unit(measure) == "%":
        return 0.0, 100.0, 5.0
    return 0.0, 1_000_000.0, 1.0


def _with_unit(label: str, measure: Measure) -> str:
    return f"{label} ({unit(measure)})" if unit(measure) else label


def _about(measure: Measure, k: int) -> str:
    if measure is Measure.COVERAGE:
        return "Coverage is the camera's: it is told also when there are no visits."
    if measure is Measure.VISITS:
        return f"{few_visits(k).capitalize()} count as 0, as long as the camera looked for half of the time."
    return f"Windows with {few_visits(k)} say nothing: they raise no alert, and end none."
