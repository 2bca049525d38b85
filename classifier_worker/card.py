"""The model's card in Redis, so that whoever reads figures knows the model that made them."""

import logging

import msgspec

from contract import keys
from contract.model import ModelCard
from runtime.redis import REDIS_ERRORS, Client

log = logging.getLogger(__name__)


def publish_card(client: Client, card: ModelCard) -> None:
    """Writes the card; where that fails, faces are classified all the same, and shares are not corrected."""
    try:
        client.hset(keys.MODELS, card.version, msgspec.json.encode(card))
    except REDIS_ERRORS as error:
        log.warning("the card of model %s could not be written: %s", card.version, error)
