"""Settings of the aggregator."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contract.windows import Resolution
from runtime.settings import PREFIX


class AggregatorSettings(BaseSettings):
    """How an aggregator reads, when it considers a visit over, and what it tells others."""

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
    k: int = Field(
        5, ge=1, le=1000, description="figures of fewer visits are not told, unless the site says otherwise"
    )
    published: str = Field(
        "15min",
        description="closed windows that are published: `10s`, `1min`, `15min`, `1h`, `1d`, or several with "
        "commas; empty: none",
    )
    webhook_url: SecretStr = Field(
        SecretStr(""), description="`http://` or `https://` address that alerts are sent to; empty: none"
    )
    webhook_timeout_s: float = Field(5.0, gt=0, le=60, description="how long the webhook may take to answer")

    @field_validator("published")
    @classmethod
    def _only_resolutions(cls, text: str) -> str:
        _resolutions(text)
        return text

    @field_validator("webhook_url")
    @classmethod
    def _only_http(cls, url: SecretStr) -> SecretStr:
        address = url.get_secret_value()
        if address and not address.startswith(("http://", "https://")):
            raise ValueError("begins with neither http:// nor https://")
        return url

    @property
    def resolutions(self) -> tuple[Resolution, ...]:
        """What ``published`` names, the finest first."""
        return _resolutions(self.published)


def _resolutions(text: str) -> tuple[Resolution, ...]:
    names = {name.strip() for name in text.split(",")} - {""}
    unknown = names - set(Resolution)
    if unknown:
        raise ValueError(f"no resolution: {', '.join(sorted(unknown))} (there are {', '.join(Resolution)})")
    return tuple(resolution for resolution in Resolution if resolution in names)
