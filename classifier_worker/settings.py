"""Settings of the worker."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.settings import PREFIX

SHIPPED_MODEL = Path(__file__).parent / "model"


class WorkerSettings(BaseSettings):
    """How a worker classifies and writes."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}WORKER_", protected_namespaces=())

    model_dir: Path = Field(SHIPPED_MODEL, description="folder with `model.json` and the model it names")
    model_variant: str = Field("int8", description="which file of the model card to run: `int8` or `fp32`")
    threads: int = Field(1, ge=1, le=64, description="threads of the model")
    batch_faces: int = Field(32, ge=1, le=256, description="faces classified in one go, at most")
    batch_wait_ms: int = Field(5, ge=0, le=1000, description="how long the first face waits for others")
    persistent_session: bool = Field(
        True, description="the broker keeps messages for a worker that dies; only embedded brokers cannot"
    )
    receive_maximum: int = Field(
        200, ge=1, le=65535, description="frames under way from the broker at once: the back-pressure"
    )
    slots: int = Field(64, ge=1, le=1024, description="most workers that may run at once")
    stream_max_entries: int = Field(
        200_000, ge=100, description="length of a stream above which workers stop writing to it"
    )
    drain_idle_s: float = Field(3.0, gt=0, description="with `--drain`: silence after which the worker ends")
