"""Settings of the dashboard."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.errors import SettingsError
from runtime.settings import PREFIX
from runtime.zones import named_zone


class DashboardSettings(BaseSettings):
    """What the page shows of a site that says nothing else, and to whom."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}DASHBOARD_", env_ignore_empty=True)

    time_zone: str = Field("UTC", description="IANA time zone of sites that set none of their own")
    k: int = Field(
        5, ge=1, le=1000, description="figures of fewer visits are not shown, unless the site says otherwise"
    )
    users_file: Path | None = Field(
        None,
        description="who may sign in and see which sites: docs/sign-in.md; unset: nobody needs to sign in",
    )
    session_hours: int = Field(168, ge=1, le=8_760, description="how long a sign-in lasts")
    open: bool = Field(
        False,
        description="serve other machines without sign-in: something else keeps strangers out",
    )
    tls_cert_file: Path | None = Field(None, description="certificate (PEM) to serve HTTPS with; unset: HTTP")
    tls_key_file: Path | None = Field(None, description="its private key (PEM)")

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            named_zone(name)
        except SettingsError as error:
            raise ValueError(error) from None
        return name
