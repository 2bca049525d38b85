"""Redis, for a command: opened, used, closed, and every failure of it one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import NoPermissionError

from runtime.errors import RedisUnavailable
from runtime.redis import REDIS_ERRORS, Client, connect, open_redis
from runtime.settings import RedisSettings, load_settings

LOOK_TIMEOUT_S = 3.0


@contextmanager
def database() -> Iterator[Client]:
    """A connection as the environment names it.

    Raises:
        RedisUnavailable, LayoutMismatch: as ``open_redis``; also when Redis goes away meanwhile.
    """
    with _closed_in_the_end(open_redis(load_settings(RedisSettings))) as client:
        yield client


@contextmanager
def looking() -> Iterator[Client]:
    """As ``database``, for a command that only reads, and may do without.

    Raises:
        RedisUnavailable: as ``connect``; also when Redis goes away meanwhile.
    """
    with _closed_in_the_end(connect(load_settings(RedisSettings), LOOK_TIMEOUT_S)) as client:
        yield client


@contextmanager
def _closed_in_the_end(client: Client) -> Iterator[Client]:
    try:
        yield client
    except NoPermissionError as error:
        raise RedisUnavailable(f"Redis does not allow this user to do that: {error}") from None
    except (*REDIS_ERRORS, OSError) as error:
        raise RedisUnavailable(f"Redis does not answer: {error}") from None
    finally:
        client.close()
