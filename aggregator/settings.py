"""Settings of the aggregator."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.settings import PREFIX


class AggregatorSettings(BaseSettings):
    """How an aggregator reads, and when it considers a visit over."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}AGGREGATOR_")

    time_zone: str = Field("UTC", description="IANA time zone of sites that set none of their own")
    poll_ms: int = Field(50, ge=1, le=5000, description="pause between reads when there is nothing new")
    batch_entries: int = Field(
        1000, ge=1, le=2000, description="stream entries folded and committed in one go"
    )
    stream_kept_s: int = Field(60, ge=0, le=900, description="how long processed entries stay in the streams")
    silence_s: int = Field(
        60, ge=1, le=600, description="silence after which a camera's open visits are closed"
    )
