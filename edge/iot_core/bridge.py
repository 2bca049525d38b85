"""The part of mosquitto.conf that joins a store's broker to AWS IoT Core. Pure."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from edge.iot_core.names import CARRIED, bridge_id, filter_of

PUBLISHES_MAX_PER_S: Final = 100
"""What AWS IoT Core passes a connection in a second, each way; 512 KiB/s is the other bound."""

REPORTS_PER_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Bridge:
    """A store's way to AWS IoT Core.

    Attributes:
        name: unique in the account; the form of a site's name.
        host, port: the account's endpoint for data.
        sites: whose cameras' events come through; ``+``: all.
        ca_file, cert_file, key_file: as the broker finds them: Amazon's authority, and the bridge's own.
    """

    name: str
    host: str
    port: int
    sites: tuple[str, ...]
    ca_file: PurePath
    cert_file: PurePath
    key_file: PurePath


def bridge_conf(bridge: Bridge) -> str:
    """Lines for mosquitto.conf."""
    topics = [f"topic {filter_of(site, suffix)} in 1" for site in bridge.sites for suffix in CARRIED]
    return "\n".join(
        [
            "# Events of cameras at AWS IoT Core, into this broker; nothing goes out.",
            f"connection iot-core-{bridge.name}",
            f"address {bridge.host}:{bridge.port}",
            f"remote_clientid {bridge_id(bridge.name)}",
            "bridge_protocol_version mqttv311",
            "# The session stays, and IoT Core keeps what comes at QoS 1 while the line is down (an hour).",
            "cleansession false",
            "start_type automatic",
            "keepalive_interval 60",
            "restart_timeout 5 60",
            "# IoT Core knows neither Mosquitto's notices nor its private protocol.",
            "notifications false",
            "try_private false",
            f"bridge_cafile {bridge.ca_file}",
            f"bridge_certfile {bridge.cert_file}",
            f"bridge_keyfile {bridge.key_file}",
            "bridge_insecure false",
            *topics,
            "",
        ]
    )


def cameras_max(fps: float) -> int:
    """How many cameras one bridge carries, if all see somebody in every frame.

    Args:
        fps: frames a second, each with faces.
    """
    return int(PUBLISHES_MAX_PER_S / (fps + REPORTS_PER_S))
