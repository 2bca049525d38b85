"""The settings of ``deploy/mosquitto.conf``, as a broker of this machine takes them."""

from pathlib import Path
from typing import Final

from bench.errors import BenchError

DEPLOYED: Final = Path(__file__).parents[1] / "deploy" / "mosquitto.conf"

OF_SECURITY: Final = (
    "listener 8883",
    "certfile",
    "keyfile",
    "tls_version",
    "plugin",
    "log_type debug",
)
"""Lines that are left out: here everybody may come, without a name."""


def deployed_settings(port: object, store: object) -> str:
    """The deployed settings, for whoever comes.

    Args:
        port: of the one listener.
        store: folder of what is kept.

    Raises:
        BenchError: what would be replaced is not there any more.
    """
    lines = DEPLOYED.read_text().splitlines(keepends=True)
    return replaced(
        "".join(line for line in lines if not line.startswith(OF_SECURITY)),
        ("listener 1883\n", f"listener {port} 127.0.0.1\n"),
        ("allow_anonymous false\n", "allow_anonymous true\n"),
        ("persistence_location /mosquitto/data/\n", f"persistence_location {store}/\n"),
    )


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """``text`` with the second of each pair in place of the first.

    Raises:
        BenchError: the first is not there.
    """
    for deployed, here in changes:
        if deployed not in text:
            raise BenchError(f"{DEPLOYED} has no {deployed!r} any more")
        text = text.replace(deployed, here)
    return text
