"""Settings of the operator's commands."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.settings import PREFIX


class AdminSettings(BaseSettings):
    """Where a server's secrets lie, and what the server is called."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}ADMIN_", env_ignore_empty=True)

    secrets_dir: Path = Field(
        Path("/secrets"), description="folder of certificates, passwords and access rules"
    )
    server_names: str = Field(
        "localhost", description="what cameras and browsers call this server: names and addresses, commas"
    )
    redis_address: str = Field("redis:6379", description="where services find Redis, `host:port`")
