"""The connection to Redis (single server or Cluster) and the check of what it holds."""

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

    Replies are bytes. A command whose reply is lost is sent again: everything we send is safe to replay.

    Raises:
        RedisUnavailable: no answer, or the login is refused.
        LayoutMismatch: the data was laid out otherwise.
    """
    try:
        client = _connect(settings)
        client.ping()
        _claim_layout(client)
    except AuthenticationError as error:
        raise RedisUnavailable(f"Redis refuses the login: {error}") from None
    except (*REDIS_ERRORS, OSError) as error:
        if isinstance(error.__cause__, AuthenticationError):  # of each node
            raise RedisUnavailable(f"Redis refuses the login: {error.__cause__}") from None
        raise RedisUnavailable(f"Redis does not answer: {error}") from None
    except ValueError as error:
        raise RedisUnavailable(f"MOODLENS_REDIS_URL is not usable: {error}") from None
    return client


def _connect(settings: RedisSettings) -> Client:
    url = settings.url.get_secret_value()
    options = {
        "retry": Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), RETRIES),
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S,
        "driver_info": None,  # no word on our library: Redis 7.0 cannot allow a user that command alone
    }
    return RedisCluster.from_url(url, **options) if settings.cluster else Redis.from_url(url, **options)


def _claim_layout(client: Client) -> None:
    ours = {"partitions": keys.PARTITIONS, "version": keys.LAYOUT_VERSION}
    for field, value in ours.items():
        client.hsetnx(keys.LAYOUT, field, value)
        found = int(client.hget(keys.LAYOUT, field) or 0)
        if found != value:
            raise LayoutMismatch(f"Redis holds data with {field} = {found}, this program needs {value}")
