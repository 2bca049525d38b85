"""``python -m aggregator``."""

import argparse
from importlib.metadata import version

from aggregator.aggregator import HEALTH_PARTS, Aggregator
from aggregator.mqtt_delivery import MqttDelivery
from aggregator.notifier import Delivery, Notifier, delivering, wake
from aggregator.outbox import Outbox
from aggregator.settings import AggregatorSettings
from aggregator.webhook import WebhookDelivery
from contract.keys import MQTT, WEBHOOK
from runtime.health import Health, serve_health
from runtime.logs import configure_logs
from runtime.process import run
from runtime.redis import open_redis
from runtime.settings import MqttSettings, ProcessSettings, RedisSettings, load_settings
from runtime.stop import stop_on_signals


def main() -> None:
    """Reads arguments and settings, and works."""
    parser = argparse.ArgumentParser(
        prog="python -m aggregator",
        description="Turns classified faces in Redis into visits, mood windows and alerts.",
        epilog="Settings are environment variables: docs/settings.md lists them.",
    )
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    parser.parse_args()

    stop = stop_on_signals()
    process = load_settings(ProcessSettings)
    configure_logs(process, "aggregator")
    settings = load_settings(AggregatorSettings)
    mqtt = load_settings(MqttSettings)
    redis = load_settings(RedisSettings)
    client = open_redis(redis)
    health = Health(HEALTH_PARTS)
    deliveries: dict[str, Delivery] = {MQTT: MqttDelivery(mqtt)}
    if settings.webhook_url.get_secret_value():
        deliveries[WEBHOOK] = WebhookDelivery(settings.webhook_url, settings.webhook_timeout_s)
    notifiers = [
        Notifier(Outbox(open_redis(redis), destination), delivery, lambda: aggregator.owned, stop)
        for destination, delivery in deliveries.items()
    ]
    aggregator = Aggregator(client, settings, health, lambda: wake(notifiers))
    with serve_health(process, health), delivering(notifiers):
        aggregator.run(stop)


if __name__ == "__main__":
    run(main, "aggregator")
