"""The connection to Redis (single server or Cluster) and the check of what it holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis import Redis, RedisCluster
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import AuthenticationError, RedisClusterException, RedisError
from redis.retry import Retry

from contract import keys
from runtime.errors import LayoutMismatch, RedisUnavailable
from runtime.settings import RedisSettings

Client = Redis | RedisCluster

REDIS_ERRORS: Final = (RedisError, RedisClusterException)
"""What a client raises when Redis is away or refuses; the second, where no node of a cluster answers."""

TIMEOUT_S = 5.0
RETRIES = 3


def open_redis(settings: RedisSettings) -> Client:
    """A client whose server answers and holds data of our layout (a new, empty one is claimed for it).

    Replies are bytes. A command whose reply is lost is sent again: what we send is safe to replay, but for
    what tells of refused payloads (``keys.REJECTED``, ``keys.REJECTED_COUNTS``, a ``FrameLoss`` that knows no
    frame) and the record of an erasure (``keys.ERASURES``): these may then be there twice.

    Raises:
        RedisUnavailable: no answer, or the login is refused.
        LayoutMismatch: the data was laid out otherwise.
    """
    client = connect(settings)
    with _failures_named():
        _claim_layout(client)
    return client


def connect(settings: RedisSettings, timeout_s: float = TIMEOUT_S) -> Client:
    """A client whose server answers and was asked for nothing else: one that is full can be looked at, too.

    Raises:
        RedisUnavailable: no answer, or the login is refused.
    """
    url = settings.url.get_secret_value()
    options = {
        "retry": Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), RETRIES),
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "driver_info": None,  # no word on our library: Redis 7.0 cannot allow a user that command alone
    }
    with _failures_named():
        client: Client = (RedisCluster if settings.cluster else Redis).from_url(url, **options)
        client.ping()
    return client


def server_ms(client: Client) -> int:
    """The server's clock, UTC: the one that all who use it share."""
    seconds, micros = client.time()
    return int(seconds) * 1000 + int(micros) // 1000


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except AuthenticationError as error:
        raise RedisUnavailable(f"Redis refuses the login: {error}") from None
    except (*REDIS_ERRORS, OSError) as error:
        if isinstance(error.__cause__, AuthenticationError):  # of each node
            raise RedisUnavailable(f"Redis refuses the login: {error.__cause__}") from None
        raise RedisUnavailable(f"Redis does not answer: {error}") from None
    except ValueError as error:
        raise RedisUnavailable(f"MOODLENS_REDIS_URL is not usable: {error}") from None


def _claim_layout(client: Client) -> None:
    ours = {"partitions": keys.PARTITIONS, "version": keys.LAYOUT_VERSION}
    for field, value in ours.items():
        client.hsetnx(keys.LAYOUT, field, value)
        found = int(client.hget(keys.LAYOUT, field) or 0)
        if found != value:
            raise LayoutMismatch(f"Redis holds data with {field} = {found}, this program needs {value}")
