"""Settings that every process shares, from environment variables; each room adds its own class.

A settings object is built in ``main`` and passed on: nothing is read at import. ``docs/settings.md`` lists
them all. What should not stand in an environment can lie in files of a folder, named like the variables in
lower case: ``MOODLENS_SECRETS_DIR``.
"""

import os
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

from dotenv import dotenv_values
from pydantic import Field, FilePath, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from runtime.errors import SettingsError, reason_of

PREFIX = "MOODLENS_"

SECRETS_DIR = f"{PREFIX}SECRETS_DIR"
"""Variable that names a folder of more settings; a variable that is set goes before a file."""

S = TypeVar("S", bound=BaseSettings)


class ProcessSettings(BaseSettings):
    """How any process logs and shows its health."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least severe line logged"
    )
    log_format: Literal["plain", "json"] = Field(
        "plain", description="`plain` for people, `json` for machines"
    )
    health_host: str = Field("127.0.0.1", description="address that serves `/healthz` and `/metrics`")
    health_port: int = Field(0, ge=0, le=65535, description="its port; 0 serves neither")


class MqttSettings(BaseSettings):
    """Where the broker is and how to log in."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}MQTT_")

    host: str = Field("localhost", min_length=1, description="broker's host name or address")
    port: int = Field(1883, ge=1, le=65535, description="broker's port (8883 is usual with TLS)")
    username: str = Field("", description="broker user; empty: anonymous")
    password: SecretStr = Field(SecretStr(""), description="broker password")
    tls: bool = Field(False, description="encrypt, and verify the broker's certificate")
    ca_file: FilePath | None = Field(None, description="CA certificate (PEM); unset: the system's")
    ca: str = Field(
        "", description="the CA certificate itself, in place of its file: DER in Base64, one line"
    )
    cert_file: FilePath | None = Field(
        None, description="client certificate (PEM), where the broker asks for one"
    )
    key_file: FilePath | None = Field(None, description="its private key (PEM)")
    keepalive_s: int = Field(15, ge=5, le=600, description="silence after which a connection counts as lost")

    @field_validator("key_file")
    @classmethod
    def _has_certificate(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file and not info.data.get("cert_file"):
            raise ValueError("a key without its certificate (cert_file)")
        return file

    @field_validator("ca")
    @classmethod
    def _is_base64(cls, text: str) -> str:
        try:
            b64decode(text, validate=True)
        except ValueError:
            raise ValueError("is no Base64") from None
        return text


class RedisSettings(BaseSettings):
    """Where Redis is."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}REDIS_")

    url: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"),
        description="`redis://` or `rediss://` URL, with user and password",
    )
    cluster: bool = Field(False, description="the URL is a node of a Redis Cluster")


def load_settings(kind: type[S], flags: Mapping[str, object] | None = None) -> S:
    """Settings of ``kind`` from the environment and from the folder of ``MOODLENS_SECRETS_DIR``.

    Args:
        kind: the class.
        flags: of the command line, which go before both; None: not given.

    Raises:
        SettingsError: names each flag or variable that cannot be used, and why (never its value).
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        return kind(_secrets_dir=secrets_dir(), **given)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        faults = (
            f"{spelling(kind, str(fault['loc'][0]), is_flag=fault['loc'][0] in given)}: "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise SettingsError("; ".join(faults)) from None
    except SourceError as error:
        cause = error.__cause__
        why = f"{cause.filename}: {reason_of(cause)}" if isinstance(cause, OSError) else str(error)
        raise SettingsError(f"{SECRETS_DIR}: {why}") from None
    except OSError as error:
        raise SettingsError(f"{SECRETS_DIR}: {error.filename}: {reason_of(error)}") from None


def spelling(kind: type[BaseSettings], name: str, *, is_flag: bool) -> str:
    """How a person gives a setting: as a flag, or as a variable."""
    return f"--{name.replace('_', '-')}" if is_flag else f"{kind.model_config['env_prefix']}{name}".upper()


def secrets_dir() -> Path | None:
    """The folder that ``MOODLENS_SECRETS_DIR`` names, or None.

    Raises:
        SettingsError: there is no such folder.
    """
    name = os.environ.get(SECRETS_DIR)
    if not name:
        return None
    if not Path(name).is_dir():
        raise SettingsError(f"{SECRETS_DIR}: there is no folder {name}")
    return Path(name)


def read_env_file(path: Path) -> None:
    """Adds the variables of a file (lines ``NAME=value``) to the environment; those that are set stay.

    Raises:
        SettingsError: the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as file:
            found = dotenv_values(stream=file, interpolate=False)
    except OSError as error:
        raise SettingsError(f"{path}: {reason_of(error)}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is no text") from None
    for name, value in found.items():
        if name.startswith(PREFIX) and value is not None:
            os.environ.setdefault(name, value)
