"""Exports of weeks in a real Redis: what the dashboard would download, into files, pipes and S3."""

import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path

import boto3
import pandas as pd
import pytest
import redis

from admin.cli import build_parser
from admin.errors import Refused
from admin.tables import NotKept
from contract import keys
from contract.windows import Resolution
from dashboard.figures.downloads import table_of, to_csv, to_parquet
from dashboard.figures.periods import PERIODS
from dashboard.figures.queries import Question, answer
from dashboard.figures.selection import Selection
from dashboard.figures.sites import read_sites
from dashboard.figures.store import WindowStore
from dashboard.figures.subjects import read_subjects
from dashboard.settings import DashboardSettings
from runtime.errors import MoodLensError, RedisUnavailable
from runtime.windows import read_windows
from tests.support.aws import Aws, refuse_with, serve_aws
from tests.support.events import utc_ms
from tests.support.services import RedisServer, free_port
from tests.support.weeks import DOOR, KIOSK, QUEUE, ZONE, write_weeks

NOW_MS = utc_ms()
SPAN = PERIODS["28d"].span(NOW_MS - 86_400_000, ZONE)
"""28 days that end with yesterday."""

BUCKET = "figures"
Export = Callable[..., Path]


def day(days_ago: int) -> str:
    return f"{datetime.fromtimestamp(NOW_MS / 1000, ZONE) - timedelta(days=days_ago):%Y-%m-%d}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("weeks") / "redis").start()
    with server.client() as client:
        write_weeks(client, NOW_MS)
    yield server
    server.stop()


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    with server.client() as client:
        yield client


def given(*words: str) -> Namespace:
    return build_parser().parse_args(["export", *words])


@pytest.fixture
def export(server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """Exports into a file of that name."""
    monkeypatch.setenv("MOODLENS_REDIS_URL", server.url)

    def do(name: str, *words: str) -> Path:
        arguments = given("--output", str(tmp_path / name), *words)
        arguments.do(arguments)
        return tmp_path / name

    return do


def downloaded(
    client: redis.Redis, resolution: Resolution, from_ms: int, to_ms: int, camera: str = "", zone: str = ""
) -> pd.DataFrame:
    """What a page of the site `north` offers to download."""
    subjects = read_subjects(client)
    site = read_sites(client, ["north"], DashboardSettings())["north"]
    span = type(SPAN)(from_ms, to_ms)
    question = Question(Selection("north", camera, zone), resolution, span)
    return table_of(answer(WindowStore(client, utc_ms), subjects, site, question, utc_ms()))


@pytest.mark.parametrize(("asked", "resolution"), [("15m", "15min"), ("1h", "1h"), ("1d", "1d")])
def test_an_export_is_what_the_dashboard_downloads(
    client: redis.Redis, export: Export, asked: str, resolution: str
) -> None:
    days = ("--from", day(8), "--to", day(1), "--site", "north", "--resolution", asked)
    from_ms, to_ms = midnight_ms(8), midnight_ms(1)
    expected = downloaded(client, Resolution(resolution), from_ms, to_ms)
    assert len(expected) > 7
    assert export("week.csv", *days).read_bytes() == to_csv(expected)
    parquet = pd.read_parquet(export("week.parquet", *days))
    pd.testing.assert_frame_equal(parquet, pd.read_parquet(BytesIO(to_parquet(expected))))
    assert str(parquet["from"].dt.tz) == str(ZONE)


def midnight_ms(days_ago: int) -> int:
    return round(datetime.strptime(day(days_ago), "%Y-%m-%d").replace(tzinfo=ZONE).timestamp() * 1000)


def test_a_zone_is_what_the_dashboard_downloads_of_it(client: redis.Redis, export: Export) -> None:
    file = export(
        "till.csv", "--camera", DOOR, "--zone", "till", "--from", day(3), "--to", day(0), "--resolution", "1h"
    )
    expected = downloaded(client, Resolution.HOUR, midnight_ms(3), midnight_ms(0), DOOR, "till")
    assert file.read_bytes() == to_csv(expected)


def test_many_days_are_read_in_pieces_and_lie_in_one_table(client: redis.Redis, export: Export) -> None:
    file = export("month.csv", "--all", "--from", day(60), "--to", day(0), "--resolution", "1h")
    table = pd.read_csv(StringIO(file.read_text()))
    assert table["place"].drop_duplicates().tolist() == [DOOR, QUEUE, KIOSK]
    for camera, lines in table.groupby("place"):
        stored = read_windows(client, str(camera), Resolution.HOUR, midnight_ms(60), midnight_ms(0), ZONE)
        assert int(lines["visits"].sum()) == int(stored.column("visits").sum())
        assert pd.to_datetime(lines["from"], utc=True).is_monotonic_increasing


def test_cells_below_k_are_joined_and_counted(
    client: redis.Redis, export: Export, capsys: pytest.CaptureFixture[str]
) -> None:
    client.hset(keys.site("north"), "k", 20)
    try:
        file = export("k.csv", "--camera", QUEUE, "--from", day(3), "--to", day(2))
        lines = pd.read_csv(StringIO(file.read_text()))
    finally:
        client.hset(keys.site("north"), "k", 5)
    assert lines["visits"].min() >= 20
    assert len(lines) == 3, "of ten hours with eight visits each"
    assert (
        f"3 lines written to {file}, 3 of them of several windows, to reach k visits."
        in capsys.readouterr().err
    )


def test_a_file_is_for_its_owner_alone_and_none_is_written_over(export: Export) -> None:
    days = ("--all", "--from", day(3), "--to", day(2), "--resolution", "1d")
    file = export("days.csv", *days)
    assert file.stat().st_mode & 0o777 == 0o600
    first = file.read_bytes()
    with pytest.raises(Refused, match=r"days\.csv exists; --replace writes over it"):
        export("days.csv", *days)
    assert export("days.csv", "--replace", *days).read_bytes() == first
    assert not list(file.parent.glob(".days*")), "what it was written as first"


def test_a_folder_that_is_not_there_is_one_line(export: Export) -> None:
    with pytest.raises(Refused, match=r"nowhere/x\.csv cannot be written: no such file or directory"):
        export("nowhere/x.csv", "--all", "--from", day(3), "--to", day(2))


@pytest.mark.parametrize(
    ("words", "why", "error"),
    [
        (("--camera", "north/nobody"), "there are no figures of north/nobody", Refused),
        (("--site", "west"), "there are no figures of west", Refused),
        (("--camera", DOOR, "--zone", "cellar"), "no figures of a zone cellar", Refused),
        (("--all", "--zone", "till"), "--zone needs --camera", Refused),
        (("--all", "--format", "parquet"), "--format parquet and a name that ends with .csv", Refused),
        (("--all", "--resolution", "15m", "--from", "2020-01-01"), "kept for 30 days; ask for 1h", NotKept),
        (("--all", "--from", "2020-01-01"), "kept for 400 days", NotKept),
        (("--all", "--from", "yesterday"), "'yesterday' is no date or time", MoodLensError),
        (("--all", "--from", day(1)), "--to must be later than --from", Refused),
    ],
)
def test_what_cannot_be_had_is_one_line(
    export: Export, words: tuple[str, ...], why: str, error: type[MoodLensError]
) -> None:
    with pytest.raises(error, match=why):
        export("x.csv", "--from", day(3), "--to", day(2), *words)


def test_it_goes_into_a_pipe(server: RedisServer, export: Export) -> None:
    days = ("--site", "south", "--from", day(2), "--to", day(1))
    piped = subprocess.run(
        [sys.executable, "-m", "admin", "export", *days, "--output", "-"],
        env={**server.environment},
        capture_output=True,
        check=True,
        timeout=240,
    )
    assert piped.stdout == export("same.csv", *days).read_bytes()
    assert b"10 lines written to standard output" in piped.stderr


def test_without_a_redis_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOODLENS_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    arguments = given("--all", "--from", day(2), "--to", day(1), "--output", str(tmp_path / "x.csv"))
    with pytest.raises(RedisUnavailable, match="Redis does not answer"):
        arguments.do(arguments)


@pytest.fixture(scope="module")
def served() -> Iterator[Aws]:
    with serve_aws() as aws:
        aws.make_bucket(BUCKET)
        yield aws


@pytest.fixture
def aws(served: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    for name, value in served.environment().items():
        monkeypatch.setenv(name, value)
    return served


def to_s3(server: RedisServer, monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setenv("MOODLENS_REDIS_URL", server.url)
    arguments = given("--site", "south", "--from", day(2), "--to", day(1), *words)
    arguments.do(arguments)


def test_it_goes_to_s3(
    server: RedisServer, export: Export, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"s3://{BUCKET}/south/day.csv"
    to_s3(server, monkeypatch, "--output", address)
    stored = aws.client("s3").get_object(Bucket=BUCKET, Key="south/day.csv")
    same = export("same.csv", "--site", "south", "--from", day(2), "--to", day(1))
    assert stored["Body"].read() == same.read_bytes()
    assert stored["ContentType"] == "text/csv"
    with pytest.raises(Refused, match="exists; --replace writes over it"):
        to_s3(server, monkeypatch, "--output", address)
    to_s3(server, monkeypatch, "--output", address, "--replace")


@pytest.mark.usefixtures("aws")
def test_what_s3_refuses_is_one_line(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match=r"s3://nobodys/x\.csv cannot be written: .*bucket does not exist"):
        to_s3(server, monkeypatch, "--output", "s3://nobodys/x.csv")
    with pytest.raises(Refused, match="is no address such as"):
        to_s3(server, monkeypatch, "--output", "s3://figures")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers them
    with pytest.raises(Refused, match=r"cannot be written: .*credentials"):
        to_s3(server, monkeypatch, "--output", f"s3://{BUCKET}/x.csv")


def test_a_denied_object_is_one_line(server: RedisServer, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "answer", refuse_with("AccessDenied"))
    with pytest.raises(Refused, match=r"cannot be written: .*403.*Forbidden"):
        to_s3(server, monkeypatch, "--output", f"s3://{BUCKET}/x.csv")
