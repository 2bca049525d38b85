"""Settings of the dashboard."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.settings import PREFIX


class DashboardSettings(BaseSettings):
    """What the page shows of a site that says nothing else."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}DASHBOARD_")

    time_zone: str = Field("UTC", description="IANA time zone of sites that set none of their own")
    k: int = Field(
        5, ge=1, le=100, description="figures of fewer visits are not shown, unless the site says otherwise"
    )
