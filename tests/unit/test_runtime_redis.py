"""A connection to Redis, and how it fails: in one line."""

import pytest
import redis

from contract import keys
from runtime.errors import (
    LayoutMismatch,
    RedisUnavailable,
)
from runtime.redis import connect, open_redis
from runtime.settings import RedisSettings
from tests.support.services import RedisServer, free_port


def test_no_redis_is_one_clear_error() -> None:
    with pytest.raises(RedisUnavailable, match=r"Redis does not answer: .*Connection refused"):
        open_redis(RedisSettings(url=f"redis://127.0.0.1:{free_port()}/0"))


def test_a_url_that_is_none_is_one_clear_error() -> None:
    with pytest.raises(RedisUnavailable, match="MOODLENS_REDIS_URL is not usable"):
        open_redis(RedisSettings(url="localhost"))


def test_a_wrong_redis_password_is_one_clear_error(
    redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    redis_client.config_set("requirepass", "right")
    with pytest.raises(RedisUnavailable, match="refuses the login"):
        open_redis(RedisSettings(url=redis_server.url.replace("//", "//:wrong@")))


def test_who_only_looks_claims_nothing(redis_server: RedisServer, redis_client: redis.Redis) -> None:
    connect(RedisSettings(url=redis_server.url)).close()
    assert not redis_client.exists(keys.LAYOUT)


def test_an_empty_redis_is_claimed_and_another_layout_refused(
    redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    settings = RedisSettings(url=redis_server.url)
    open_redis(settings)
    open_redis(settings)
    assert redis_client.hgetall(keys.LAYOUT) == {b"partitions": b"16", b"version": b"1"}
    redis_client.hset(keys.LAYOUT, "partitions", 8)
    with pytest.raises(LayoutMismatch, match="partitions = 8, this program needs 16"):
        open_redis(settings)


def test_no_node_of_a_cluster_is_one_clear_error() -> None:
    with pytest.raises(RedisUnavailable, match="Redis does not answer: "):
        open_redis(RedisSettings(url=f"redis://127.0.0.1:{free_port()}/0", cluster=True))
