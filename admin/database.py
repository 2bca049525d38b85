"""Redis, for a command: opened, used, closed, and every failure of it one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis, RedisCluster
from redis.exceptions import AuthenticationError, NoPermissionError

from runtime.errors import RedisUnavailable
from runtime.redis import REDIS_ERRORS, Client, open_redis
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
        RedisUnavailable: as ``open_to_look``; also when Redis goes away meanwhile.
    """
    with _closed_in_the_end(open_to_look(load_settings(RedisSettings))) as client:
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


def open_to_look(settings: RedisSettings) -> Client:
    """A client that has written nothing: a Redis that is full, or holds other data, can be looked at, too.

    Raises:
        RedisUnavailable: no answer, or the login is refused.
    """
    kind = RedisCluster if settings.cluster else Redis
    try:
        client: Client = kind.from_url(
            settings.url.get_secret_value(),
            socket_timeout=LOOK_TIMEOUT_S,
            socket_connect_timeout=LOOK_TIMEOUT_S,
        )
        client.ping()
    except AuthenticationError as error:
        raise RedisUnavailable(f"Redis refuses the login: {error}") from None
    except (*REDIS_ERRORS, OSError) as error:
        raise RedisUnavailable(f"Redis does not answer: {error}") from None
    except ValueError as error:
        raise RedisUnavailable(f"MOODLENS_REDIS_URL is not usable: {error}") from None
    return client
