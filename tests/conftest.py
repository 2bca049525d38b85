import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings
from pydantic import SecretStr

from runtime.redis import Client, open_redis
from runtime.settings import RedisSettings
from tests.support.services import Mosquitto, RedisCluster, RedisServer

SHARED = Path(__file__).parents[2] / "shared"

# How long an example takes says something of the machine, not of the code. CI tries the same ones each time;
# new ones are tried, and may fail, before somebody who can look into it.
settings.register_profile(
    "moodlens",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("moodlens")

# What starts tests in the background may have them ignore Ctrl-C, and so would every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Whoever ends tests otherwise ends them in order, too: else their servers would run on.
signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A real broker, started."""
    broker = Mosquitto(tmp_path / "mosquitto").start()
    yield broker
    broker.stop()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A real Redis, started and empty."""
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.stop()


@pytest.fixture
def redis_client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """A client of ``redis_server``."""
    with redis_server.client() as client:
        yield client


@pytest.fixture(scope="session", params=["single server", "cluster"])
def any_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A connection to a real Redis of either kind, as programs open it."""
    cluster = request.param == "cluster"
    folder = tmp_path_factory.mktemp("redis") / "data"
    server = (RedisCluster(folder) if cluster else RedisServer(folder)).start()
    yield open_redis(RedisSettings(url=SecretStr(server.url), cluster=cluster))
    server.stop()


@pytest.fixture
def any_redis(any_server: Client) -> Client:
    """An empty Redis of either kind."""
    any_server.flushall()
    return any_server


@pytest.fixture(scope="session")
def write_golden(pytestconfig: pytest.Config) -> bool:
    """Whether golden files are to be written, not only compared."""
    return bool(pytestconfig.getoption("--write-golden"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real clips and the data set, which are not part of the project."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"no real clips and data set at {SHARED}")
    return SHARED


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails the run")
    parser.addoption("--write-golden", action="store_true", help="write the golden files anew")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--no-skips"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which --no-skips forbids: {report.longrepr}"
    return report
