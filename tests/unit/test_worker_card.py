"""The model's card, in a real Redis."""

import msgspec
import pytest

from classifier_worker.card import publish_card
from classifier_worker.settings import SHIPPED_MODEL
from contract import keys
from contract.model import ModelCard
from dashboard.figures.correction import read_cards
from runtime.redis import Client
from tests.support.services import RedisServer


@pytest.fixture
def card() -> ModelCard:
    return msgspec.json.decode((SHIPPED_MODEL / "model.json").read_bytes(), type=ModelCard)


def test_whoever_reads_figures_finds_the_card(any_redis: Client, card: ModelCard) -> None:
    newer = msgspec.structs.replace(card, version="newer")
    for _ in range(2):
        publish_card(any_redis, card)
    publish_card(any_redis, newer)
    assert read_cards(any_redis) == {card.version: card, "newer": newer}


def test_a_card_that_cannot_be_read_is_left_out(any_redis: Client, card: ModelCard) -> None:
    publish_card(any_redis, card)
    any_redis.hset(keys.MODELS, mapping={"of tomorrow": '{"shape": "other"}', b"\xff": "{}"})
    assert read_cards(any_redis) == {card.version: card}


def test_without_a_database_a_worker_goes_on(
    redis_server: RedisServer, card: ModelCard, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_server.client() as client:
        redis_server.stop()
        publish_card(client, card)
    assert f"card of model {card.version} could not be written" in caplog.text
