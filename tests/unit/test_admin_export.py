"""How an export is cut into pieces and written, without a database."""

import os
from collections.abc import Iterator
from io import BytesIO
from math import nan
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from admin.errors import Refused
from admin.export import format_of
from admin.moments import moment_words, parse_moment
from admin.sink import open_sink
from admin.tables import NotKept, Piece, check_kept, cut, write_csv, write_parquet
from contract.retention import STANDARD, Retention
from contract.windows import Resolution
from dashboard.figures.periods import Span

BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")


def piece(place: str, zone: ZoneInfo, merged: int, visits: tuple[int, ...]) -> Piece:
    times = pd.to_datetime(["2026-11-26T10:00Z", "2026-11-26T11:00Z"]).tz_convert(zone)[: len(visits)]
    frame = pd.DataFrame(
        {"place": place, "from": times, "to": times + pd.Timedelta(hours=1), "visits": visits, "index": nan}
    )
    return Piece(frame, merged)


def pieces(zone: ZoneInfo) -> Iterator[Piece]:
    yield piece("a/door", BERLIN, 1, (7, 8))
    yield piece("a/till", BERLIN, 0, ())
    yield piece("b/door", zone, 2, (9,))


def test_a_long_time_is_cut_at_local_midnights() -> None:
    span = Span(parse_moment("2026-10-01T12:00", BERLIN), parse_moment("2026-12-01T06:00", BERLIN))
    ends = [moment_words(part.to_ms, BERLIN) for part in cut(span, BERLIN)]
    assert ends == ["2026-10-29T00:00", "2026-11-26T00:00", "2026-12-01T06:00"]
    assert next(cut(span, BERLIN)).from_ms == span.from_ms


def test_pieces_make_one_csv() -> None:
    out = BytesIO()
    written = write_csv(pieces(BERLIN), out)
    assert (written.lines, written.merged) == (3, 3)
    lines = out.getvalue().decode().splitlines()
    assert lines[0] == "place,from,to,visits,index"
    assert [line.split(",")[0] for line in lines[1:]] == ["a/door", "a/door", "b/door"]


@pytest.mark.parametrize(("zone", "kept"), [(BERLIN, "Europe/Berlin"), (TOKYO, "UTC")])
def test_pieces_make_one_parquet_file_in_the_zone_that_all_share(zone: ZoneInfo, kept: str) -> None:
    out = BytesIO()
    assert write_parquet(pieces(zone), out, [BERLIN, zone]).lines == 3
    table = pd.read_parquet(BytesIO(out.getvalue()))
    assert str(table["from"].dt.tz) == kept
    assert table["visits"].tolist() == [7, 8, 9]
    assert table["from"][2] == pd.Timestamp("2026-11-26T10:00Z")


@pytest.mark.parametrize(
    ("output", "given", "found"),
    [
        ("x.csv", None, "csv"),
        ("x.PARQUET", None, "parquet"),
        ("s3://b/x.parquet", "parquet", "parquet"),
        ("-", None, "csv"),
        ("-", "parquet", "parquet"),
        ("figures", None, "csv"),
    ],
)
def test_the_format_is_what_is_asked_for_or_what_the_name_says(
    output: str, given: str | None, found: str
) -> None:
    assert format_of(output, given) == found


def test_what_is_kept_no_more_is_refused_and_what_is_the_day_before_not() -> None:
    now_ms = parse_moment("2026-11-26T14:00", BERLIN)
    check_kept(Resolution.HOUR, parse_moment("2025-10-23", BERLIN), now_ms, BERLIN, STANDARD)
    with pytest.raises(NotKept, match=r"kept for 400 days$"):
        check_kept(Resolution.DAY, parse_moment("2025-10-20", BERLIN), now_ms, BERLIN, STANDARD)
    with pytest.raises(NotKept, match="kept for 30 days; ask for 1h or 1d"):
        check_kept(Resolution.QUARTER, parse_moment("2026-10-20", BERLIN), now_ms, BERLIN, STANDARD)
    shorter = Retention.read([None, None, b"36h", b"90d", None])
    with pytest.raises(NotKept, match=r"kept for 90 days$"):
        check_kept(Resolution.DAY, parse_moment("2026-08-20", BERLIN), now_ms, BERLIN, shorter)
    with pytest.raises(NotKept, match="kept for 36 hours; ask for 1h or 1d"):
        check_kept(Resolution.QUARTER, parse_moment("2026-11-23T12:00", BERLIN), now_ms, BERLIN, shorter)
    check_kept(Resolution.QUARTER, parse_moment("2026-11-25T12:00", BERLIN), now_ms, BERLIN, shorter)


def test_a_file_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    def breaks_off() -> None:
        with open_sink(str(tmp_path / "x.csv"), "text/csv", replace=False) as out:
            out.write(b"half")
            raise Refused("something else")

    with pytest.raises(Refused, match="something else"):
        breaks_off()
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_went_away_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as broken:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr("sys.stdout", broken)
        with (
            pytest.raises(Refused, match="nobody reads the output any more"),
            open_sink("-", "text/csv", replace=False) as out,
        ):
            out.write(b"x" * 100_000)
    assert capfd.readouterr().err == ""
