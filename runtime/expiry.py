"""Stored windows expire earlier, once their site keeps them for less time."""

from collections.abc import Collection, Iterable
from datetime import tzinfo
from typing import Final

from contract.keys import window_chunk
from contract.retention import Retention
from contract.windows import KEPT_MS, WINDOW_MS, Resolution, chunks_between
from runtime.redis import Client

_AROUND_MS: Final = 2 * WINDOW_MS[Resolution.DAY]
"""Chunks begin before what is in them, and the site's clock may have been another one."""


def expire_earlier(
    client: Client,
    subjects: Iterable[str],
    resolutions: Collection[Resolution],
    kept: Retention,
    time_zone: tzinfo,
    now_ms: int,
) -> int:
    """Has all that is stored of subjects expire as their site keeps it; what is older is gone at once.

    Nothing lives longer afterwards than before. One round trip a subject.

    Args:
        client: Redis.
        subjects: ``site/camera`` and ``site/camera@zone`` of one site.
        resolutions: of the windows.
        kept: how long.
        time_zone: the site's.
        now_ms: UTC.

    Returns:
        How many chunks expire earlier, those that are gone included.
    """
    chunks = [
        chunk
        for each in resolutions
        for chunk in chunks_between(each, now_ms - KEPT_MS[each] - _AROUND_MS, now_ms + _AROUND_MS, time_zone)
    ]
    earlier = 0
    for subject in subjects:
        with client.pipeline(transaction=False) as pipe:
            for chunk in chunks:
                key = window_chunk(subject, chunk.resolution, chunk.name)
                pipe.pexpireat(key, kept.expires_at_ms(chunk), lt=True)
            earlier += sum(pipe.execute())
    return earlier
