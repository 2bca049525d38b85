"""Which models read the faces of cameras, and when: out of the aggregator's own notes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contract import keys
from contract.open_visits import MODEL_PREFIX, model_times
from dashboard.figures.periods import Span
from runtime.redis import Client

Times = dict[str, tuple[int, int]]
"""Version → starts (UTC) of the first and the last 10 s window with faces that it read."""


def read_models(client: Client, cameras: Iterable[str], span: Span) -> dict[str, tuple[str, ...]]:
    """The versions that windows of cameras within a span rest on, by camera; two round trips for all.

    Args:
        client: Redis.
        cameras: ``site/camera``.
        span: when.
    """
    cameras = list(cameras)
    with client.pipeline(transaction=False) as pipe:
        for camera in cameras:  # names alone: a camera's open visits are many, and long
            pipe.hkeys(keys.open_visits(camera))
        fields = {camera: model_fields(names) for camera, names in zip(cameras, pipe.execute(), strict=True)}
    return {camera: within(times, span) for camera, times in read_times(client, fields).items()}


def model_fields(names: Iterable[bytes]) -> list[bytes]:
    """Of the names of a camera's fields (``keys.open_visits``) those of its models, sorted."""
    return sorted(name for name in names if name.startswith(MODEL_PREFIX.encode()))


def read_times(client: Client, fields: Mapping[str, Sequence[bytes]]) -> dict[str, Times]:
    """When models read the faces of cameras; one round trip for all, and none where there is no model.

    Args:
        client: Redis.
        fields: ``site/camera`` → its fields, of ``model_fields``.
    """
    asked = [camera for camera, names in fields.items() if names]
    values: dict[str, Any] = {}
    if asked:
        with client.pipeline(transaction=False) as pipe:
            for camera in asked:
                pipe.hmget(keys.open_visits(camera), fields[camera])
            values = dict(zip(asked, pipe.execute(), strict=True))
    return {
        camera: model_times(
            {name: value for name, value in zip(names, values.get(camera, ()), strict=True) if value}
        )
        for camera, names in fields.items()
    }


def within(times: Times, span: Span) -> tuple[str, ...]:
    """The versions that read faces within a span, sorted."""
    return tuple(
        sorted(
            version
            for version, (first_ms, last_ms) in times.items()
            if first_ms < span.to_ms and last_ms >= span.from_ms
        )
    )
