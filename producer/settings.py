"""Settings of a camera."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contract.topics import is_camera_name
from runtime.errors import SettingsError
from runtime.settings import PREFIX, load_settings, spelling


class ProducerSettings(BaseSettings):
    """What a camera looks at, and how it finds, keeps and sends faces."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}PRODUCER_", protected_namespaces=())

    camera: str = Field("", description="name of this camera, `site/camera`: a-z, 0-9 and -")
    source: str = Field(
        "",
        description="webcam number, RTSP or HTTP URL, video file (GIF too), folder of pictures, or "
        "`store:CAMERA` of the scripted store",
    )
    fps: float = Field(5.0, gt=0, le=60, description="frames analysed a second")
    loop: bool = Field(False, description="start a file or folder again at its end")
    once: bool = Field(
        False,
        description="at the end of a file or folder, wait until all is acknowledged, and fail otherwise",
    )

    classify: bool = Field(
        False,
        description="classify faces on this camera: emotions leave it, no picture of a face does",
    )
    model_dir: Path | None = Field(
        None, description="with `--classify`: folder with `model.json` and its model; unset: the shipped one"
    )
    model_variant: str = Field("int8", description="with `--classify`: which file of the model card to run")

    preview: bool = Field(
        False,
        description="show what the camera sees on the dashboard's live view, in small pictures, for 10 "
        "minutes from the start; nothing of them is stored",
    )

    zones: Path | None = Field(
        None,
        description="TOML file of watch, staff and masked zones, as `python -m producer zones` draws them",
    )
    staff_badges: bool = Field(
        True,
        description="leave out whoever wears a badge of `python -m producer badge` (0.5 ms a face)",
    )
    poster_s: float = Field(
        120.0, ge=5, le=3600, description="a face that has not changed for so long is a poster"
    )

    detector: Literal["auto", "yunet", "haar"] = Field(
        "auto", description="`yunet`, `haar`, or `auto`: YuNet if its file can be had, else Haar"
    )
    yunet_file: Path | None = Field(
        None, description="YuNet's model (2023mar, ONNX); unset: fetched once and kept in the user's cache"
    )
    score_min: float = Field(0.6, ge=0.1, le=1, description="least confidence of a YuNet detection")
    haar_weight_min: float = Field(
        -10.0, ge=-10, le=20, description="least weight of a Haar detection: 5 leaves out most false faces"
    )
    face_min_px: int = Field(12, ge=8, le=1000, description="least height of a face in the frame, pixels")
    face_max_px: int | None = Field(
        None,
        ge=8,
        description="greatest height; where no visitor comes close, larger ones are posters and patterns",
    )
    detect_side_max_px: int = Field(
        960, ge=160, le=4096, description="larger frames are shrunk to this long side to find faces"
    )
    closeups_max: int = Field(
        10,
        ge=0,
        le=50,
        description="faces of a frame that YuNet looks at again, close up (3 ms each)",
    )
    threads: int = Field(1, ge=1, le=64, description="threads of OpenCV")

    stream_timeout_s: float = Field(
        10.0, gt=0, le=300, description="silence after which an RTSP or HTTP stream is opened again"
    )
    frozen_s: float = Field(
        30.0,
        ge=0,
        le=3600,
        description="a webcam or stream that gives the very same picture for so long is frozen, and opened "
        "again; 0: never",
    )
    outbox_messages_max: int = Field(
        10_000, ge=10, description="messages kept while the broker is away; the oldest go first"
    )
    outbox_bytes_max: int = Field(
        32_000_000, ge=1_000_000, description="bytes kept while the broker is away; the oldest go first"
    )
    inflight_max: int = Field(
        20, ge=1, le=1000, description="messages under way to the broker at once (Mosquitto takes 20)"
    )
    drain_timeout_s: float = Field(
        30.0, gt=0, le=3600, description="with `--once`: how long to wait for the last acknowledgements"
    )

    @field_validator("camera")
    @classmethod
    def _valid_name(cls, name: str) -> str:
        if name and not is_camera_name(name):
            raise ValueError(f"{name!r} is not site/camera in lower case, such as shop-1/entrance")
        return name


def load_producer_settings(flags: Mapping[str, object]) -> ProducerSettings:
    """Settings from the environment, overridden by ``flags`` (command line; None: not given).

    Raises:
        SettingsError: names each flag or variable that cannot be used, and why.
    """
    settings = load_settings(ProducerSettings, flags)
    for name in ("camera", "source"):
        if not getattr(settings, name):
            flag, variable = (spelling(ProducerSettings, name, is_flag=is_flag) for is_flag in (True, False))
            raise SettingsError(f"{flag} is missing (or {variable})")
    if settings.face_max_px is not None and settings.face_max_px < settings.face_min_px:
        largest, least = (
            spelling(ProducerSettings, name, is_flag=False) for name in ("face_max_px", "face_min_px")
        )
        raise SettingsError(f"{largest} ({settings.face_max_px}) is below {least} ({settings.face_min_px})")
    if settings.loop and settings.once:
        raise SettingsError("--loop never reaches the end that --once waits for: give one of them")
    return settings
