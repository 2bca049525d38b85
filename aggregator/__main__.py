"""``python -m aggregator``."""

import argparse
from importlib.metadata import version

from aggregator.aggregator import HEALTH_PARTS, Aggregator
from aggregator.settings import AggregatorSettings
from runtime.health import Health, serve_health
from runtime.logs import configure_logs
from runtime.process import run
from runtime.redis import open_redis
from runtime.settings import ProcessSettings, RedisSettings, load_settings
from runtime.stop import stop_on_signals


def main() -> None:
    """Reads arguments and settings, and works."""
    parser = argparse.ArgumentParser(
        prog="python -m aggregator",
        description="Turns classified faces in Redis into visits and mood windows.",
        epilog="Settings are environment variables: docs/settings.md lists them.",
    )
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    parser.parse_args()

    stop = stop_on_signals()
    process = load_settings(ProcessSettings)
    configure_logs(process, "aggregator")
    settings = load_settings(AggregatorSettings)
    client = open_redis(load_settings(RedisSettings))
    health = Health(HEALTH_PARTS)
    with serve_health(process, health):
        Aggregator(client, settings, health).run(stop)


if __name__ == "__main__":
    run(main, "aggregator")
