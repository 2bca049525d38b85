"""What cameras, bridges and topics are called at AWS IoT Core. Pure."""

from typing import Final

from contract.topics import ROOT, Suffix, is_camera_name

CARRIED: Final = (Suffix.EMOTIONS, Suffix.REPORTS, Suffix.STATUS)
"""What crosses: nothing that holds pixels. Crops need MQTT's message expiry, which a 3.1.1 bridge loses."""

RETAINED: Final = (Suffix.STATUS,)


def thing_name(camera: str) -> str:
    """The thing of ``site/camera``: no thing's name holds a slash, and no camera's an underscore."""
    return camera.replace("/", "_")


def client_id(camera: str) -> str:
    """As which a producer connects (things have no dots: so it is not the thing's name)."""
    return f"camera.{camera.replace('/', '.')}"


def bridge_id(bridge: str) -> str:
    """As which a store's broker connects; also its thing."""
    return f"moodlens-bridge-{bridge}"


def is_bridge_name(text: str) -> bool:
    """Whether ``text`` can be a bridge's name, which has the form of a site's."""
    return is_camera_name(f"{text}/x")


def filter_of(site: str, suffix: Suffix) -> str:
    """The topics of one suffix of a site's cameras, as an MQTT filter; ``+``: of every site."""
    return f"{ROOT}/{site}/+/{suffix}"
