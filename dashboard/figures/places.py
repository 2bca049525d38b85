"""Tables of places that can be ranked: cameras, and whole sites. Pure."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.breakdowns import by_camera
from dashboard.figures.intervals import index_intervals
from dashboard.figures.queries import Answer
from dashboard.figures.totals import totals_of
from runtime import figures


def cameras_of(answers: Iterable[Answer]) -> pd.DataFrame:
    """A line a camera, as ``breakdowns.by_camera`` has it; its name is in ``place``."""
    return pd.concat(map(by_camera, answers), ignore_index=True).rename(columns={"camera": "place"})


def zones_of(answers: Iterable[Answer]) -> pd.DataFrame:
    """A line a zone, of answers about zones; in ``place`` is their camera's name and their own.

    No guard is needed here: ``zone_cells`` lets no set of a camera's zones be told that could not be.
    """
    zones = cameras_of(answers)
    return zones.assign(place=zones["place"].str.replace("@", ": "))


def sites_of(answers: Iterable[Answer]) -> pd.DataFrame:
    """A line a site, of answers about whole sites.

    Columns: ``place``, ``visits``, ``visits_per_open_hour`` (an hour in which any of its cameras looked),
    ``index``, ``index_low``, ``index_high``, ``dwell_s``, ``attention``, ``uncertain``, ``coverage`` (mean of
    its cameras).
    """
    return pd.DataFrame([_site_line(given) for given in answers])


def _site_line(given: Answer) -> dict[str, str | float]:
    totals = totals_of(given.total)
    open_h = given.hours.open_ms[given.counted].sum() / WINDOW_MS[Resolution.HOUR]
    cameras = by_camera(given)
    in_open_hours = float((cameras["visits_per_open_hour"] * cameras["open_h"]).sum())
    _, low, high = index_intervals(given.total[np.newaxis])
    return {
        "place": given.site.name,
        "visits": totals.visits,
        "visits_per_open_hour": float(figures.ratio(np.array([in_open_hours]), np.array([open_h]))[0]),
        "index": totals.index,
        "index_low": float(low[0]),
        "index_high": float(high[0]),
        "dwell_s": totals.dwell_s,
        "attention": totals.attention,
        "uncertain": float(figures.uncertain(given.total[np.newaxis])[0]),
        "coverage": float(cameras["coverage"].mean()),
    }
