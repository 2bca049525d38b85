"""``python -m classifier_worker``."""

import argparse
from importlib.metadata import version

from classifier_worker.card import publish_card
from classifier_worker.settings import WorkerSettings
from classifier_worker.worker import HEALTH_PARTS, Worker
from runtime.classifier import Classifier
from runtime.health import Health, serve_health
from runtime.logs import configure_logs
from runtime.process import run
from runtime.redis import open_redis
from runtime.settings import MqttSettings, ProcessSettings, RedisSettings, load_settings
from runtime.stop import stop_on_signals


def main() -> None:
    """Reads arguments and settings, and works."""
    parser = argparse.ArgumentParser(
        prog="python -m classifier_worker",
        description="Classifies the faces that cameras publish and writes the result to Redis.",
        epilog="Settings are environment variables: docs/settings.md lists them.",
    )
    parser.add_argument(
        "--drain", action="store_true", help="end when no more messages come, not only at a signal"
    )
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    arguments = parser.parse_args()

    stop = stop_on_signals()
    process = load_settings(ProcessSettings)
    configure_logs(process, "worker")
    settings = load_settings(WorkerSettings)
    mqtt = load_settings(MqttSettings)
    classifier = Classifier(
        settings.model_dir, settings.model_variant, settings.threads, settings.batch_faces
    )
    client = open_redis(load_settings(RedisSettings))
    publish_card(client, classifier.card)
    health = Health(HEALTH_PARTS)
    with serve_health(process, health):
        Worker(mqtt, client, classifier, settings, health).run(stop, drain=arguments.drain)


if __name__ == "__main__":
    run(main, "worker")
