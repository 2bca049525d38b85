"""``python -m demo.broker SETTINGS``: the embedded MQTT broker, for machines without Mosquitto.

Good for a demo on one machine, never for a store: it has no access control, and forgets all when it ends.
"""

import logging
import sys

from iotcore import IotCoreBroker


def main(settings: str) -> None:
    """Runs the broker with a TOML file of rumqttd until a signal ends it."""
    # it wraps each message in a span of level "error", which are no errors
    logging.basicConfig(level=logging.CRITICAL)
    IotCoreBroker(config_path=settings).run_forever()


if __name__ == "__main__":
    main(sys.argv[1])
