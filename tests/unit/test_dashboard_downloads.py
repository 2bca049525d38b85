"""Figures as files: what is downloaded can be read again, and is what is shown."""

from io import BytesIO, StringIO
from math import nan
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from dashboard.figures.downloads import file_name, to_csv, to_parquet

BERLIN = ZoneInfo("Europe/Berlin")
TABLE = pd.DataFrame(
    {
        "place": ["downtown/queue"] * 2,
        "from": pd.to_datetime(["2026-10-25T00:30Z", "2026-10-25T01:30Z"]).tz_convert(BERLIN),
        "visits": [12, 7],
        "index": [0.123456789, nan],
    }
)
"""Two hours that the clocks of Berlin both call 02:30."""


def test_a_csv_has_a_header_and_times_with_their_offset_and_nothing_where_nothing_is_known() -> None:
    assert to_csv(TABLE).decode().splitlines() == [
        "place,from,visits,index",
        "downtown/queue,2026-10-25T02:30:00+0200,12,0.123457",
        "downtown/queue,2026-10-25T02:30:00+0100,7,",
    ]


def test_a_csv_is_read_again() -> None:
    table = pd.read_csv(StringIO(to_csv(TABLE).decode()))
    assert pd.to_datetime(table["from"], utc=True).tolist() == TABLE["from"].tolist()
    assert table["visits"].tolist() == [12, 7]


def test_a_parquet_file_keeps_zones_and_types() -> None:
    table = pd.read_parquet(BytesIO(to_parquet(TABLE)))
    assert table.equals(TABLE)
    assert str(table["from"].dt.tz) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("about", "name"),
    [
        (("trends", "shop-1, all cameras", "Last 7 days"), "moodlens-trends-shop-1-all-cameras-last-7-days"),
        (("hours of the week", "shop-1, till", ""), "moodlens-hours-of-the-week-shop-1-till"),
        (("../../etc", "passwd\n"), "moodlens-etc-passwd"),
    ],
)
def test_a_files_name_suits_every_system(about: tuple[str, ...], name: str) -> None:
    assert file_name(*about) == name
