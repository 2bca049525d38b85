"""Settings of the device: those of the zip, then of the camera's own file, then of the environment.

What comes later overrides. ``config.json`` lies in the zip and holds no secret; ``camera.env`` is what
`admin enroll` gives a camera. All have the names of docs/settings.md, and three of their own:
``MOODLENS_DEEPLENS_ENV_FILE`` (where ``camera.env`` is), ``…_FACE_MODEL`` and ``…_STREAM``.
"""

from __future__ import annotations

import base64
import json
import math
import os
import re
import ssl
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edge.deeplens.device.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_FILE = "config.json"
ENV_FILE = "MOODLENS_DEEPLENS_ENV_FILE"
CA_FILE = "ca.crt"
FACE_MODEL = "/opt/awscam/artifacts/mxnet_deploy_ssd_FP16_FUSED.xml"
STREAM = "/tmp/results.mjpeg"  # noqa: S108  (the name that the device's viewer reads)

_NAME = r"[a-z0-9][a-z0-9-]{0,62}"
_CAMERA = re.compile(rf"{_NAME}/{_NAME}")


@dataclass(frozen=True)
class Settings:
    """What the camera needs to know.

    Attributes:
        camera: ``site/camera``.
        host, port: of the store's broker, which speaks TLS.
        username, password: at the broker.
        ca: certificate of the authority that vouches for the broker (PEM).
        fps: analysed frames a second.
        score_min: least probability of a face.
        face_min_px: least height of a face in the frame.
        classify: send emotions instead of crops, if the device can.
        face_model: of the device's own face detector.
        stream: FIFO of the project stream; '': none.
        version: of MoodLens, in the camera's status.
    """

    camera: str
    host: str
    port: int
    username: str
    password: str = field(repr=False)
    ca: str
    fps: float
    score_min: float
    face_min_px: float
    classify: bool
    face_model: str
    stream: str
    version: str


def load_settings(folder: str, environment: Mapping[str, str]) -> Settings:
    """The settings of the device.

    Args:
        folder: where ``config.json`` is (it need not), and what relative names of files are relative to.
        environment: variables; they go before the file.

    Raises:
        SettingsError: names the setting, never its value where that is a secret.
    """
    own = {name: value for name, value in environment.items() if name.startswith("MOODLENS_")}
    given = _read_config(os.path.join(folder, CONFIG_FILE))  # noqa: PTH118
    given.update(_read_env_file(own.get(ENV_FILE, given.get(ENV_FILE, ""))))
    given.update(own)

    camera = given.get("MOODLENS_PRODUCER_CAMERA", "")
    if not _CAMERA.fullmatch(camera):
        raise SettingsError(
            f"MOODLENS_PRODUCER_CAMERA: {camera!r} is not site/camera, such as shop-1/entrance"
        )
    host = given.get("MOODLENS_MQTT_HOST", "")
    if not host:
        raise SettingsError("MOODLENS_MQTT_HOST is missing: the store's broker")
    return Settings(
        camera=camera,
        host=host,
        port=int(_number(given, "MOODLENS_MQTT_PORT", 8883, 1, 65535)),
        username=given.get("MOODLENS_MQTT_USERNAME", camera),
        password=given.get("MOODLENS_MQTT_PASSWORD", ""),
        ca=_ca(given, folder),
        fps=_number(given, "MOODLENS_PRODUCER_FPS", 5.0, 0.1, 60),
        score_min=_number(given, "MOODLENS_PRODUCER_SCORE_MIN", 0.5, 0, 1),
        face_min_px=_number(given, "MOODLENS_PRODUCER_FACE_MIN_PX", 12, 8, 1000),
        classify=_yes(given, "MOODLENS_PRODUCER_CLASSIFY"),
        face_model=given.get("MOODLENS_DEEPLENS_FACE_MODEL", FACE_MODEL),
        stream=given.get("MOODLENS_DEEPLENS_STREAM", STREAM),
        version=given.get("MOODLENS_VERSION", "unknown"),
    )


def _read_config(path: str) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            config: Any = json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise SettingsError(f"{path} cannot be read as JSON") from None
    if not isinstance(config, dict):
        raise SettingsError(f"{path} is no object of names and values")
    return {str(name): str(value) for name, value in config.items()}


def _read_env_file(path: str) -> dict[str, str]:
    """A line each: ``NAME=value``, without quotes. It holds a password: so its owner alone may read it."""
    if not path:
        return {}
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SettingsError(f"{ENV_FILE}: others may read {path}: chmod 600 {path}")
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{ENV_FILE}: cannot read {path}: {getattr(error, 'strerror', 'it is no text')}"
        ) from None
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _ca(given: Mapping[str, str], folder: str) -> str:
    """The authority's certificate: the setting itself (DER in Base64), or a file's."""
    path = os.path.join(folder, given.get("MOODLENS_MQTT_CA_FILE", CA_FILE))  # noqa: PTH118
    name = "MOODLENS_MQTT_CA" if given.get("MOODLENS_MQTT_CA") else f"MOODLENS_MQTT_CA_FILE: {path}"
    try:
        if given.get("MOODLENS_MQTT_CA"):
            pem = ssl.DER_cert_to_PEM_cert(base64.b64decode(given["MOODLENS_MQTT_CA"]))
        else:
            with open(path, encoding="ascii") as file:  # noqa: PTH123
                pem = file.read()
        ssl.create_default_context(cadata=pem)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        why = error.strerror if isinstance(error, FileNotFoundError) else "it is no certificate"
        raise SettingsError(f"{name}: {why}") from None
    return pem


def _number(given: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    try:
        value = float(given.get(name, default))
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise SettingsError(f"{name}: not a number from {least} to {most}")
    return value


def _yes(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "false").lower()
    if text not in ("true", "1", "false", "0"):
        raise SettingsError(f"{name}: neither true nor false")
    return text in ("true", "1")
