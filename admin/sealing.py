"""Up to when nothing can change any more of what is stored of a camera."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from redis.exceptions import ResponseError

from admin.cuts import NotErasable
from admin.moments import moment_words
from contract import keys
from contract.open_visits import last_faces_ms
from contract.windows import WINDOW_MS, Resolution, chunk_at
from dashboard.figures.store import SEALED_AFTER_MS
from runtime.redis import Client, server_ms

_MINUTE_MS: Final = WINDOW_MS[Resolution.MINUTE]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What may still be written of a camera.

    Attributes:
        now_ms: UTC, by the server's clock.
        unread_ms: when the oldest event was logged that no aggregator has counted, UTC; None: all are.
        open_ms: when the last face of the oldest open visit was seen, UTC; None: there is none.
    """

    now_ms: int
    unread_ms: int | None = None
    open_ms: int | None = None

    def sealed_ms(self) -> int:
        """What ended by then (UTC) cannot change any more."""
        oldest_ms = self.now_ms if self.unread_ms is None else min(self.now_ms, self.unread_ms)
        sealed_ms = oldest_ms - SEALED_AFTER_MS
        return sealed_ms if self.open_ms is None else min(sealed_ms, self.open_ms)

    def check(self, to_ms: int, time_zone: tzinfo) -> None:
        """Says no to what may still change.

        Args:
            to_ms: end of what is to be erased, UTC.
            time_zone: the site's.

        Raises:
            NotErasable: says up to when can be erased, and when the rest can be.
        """
        sealed_ms = self.sealed_ms()
        if to_ms <= sealed_ms:
            return
        chunk = chunk_at(Resolution.HOUR, sealed_ms, time_zone)
        hour = moment_words(chunk.window_start_ms(chunk.row_of(sealed_ms)), time_zone)
        if sealed_ms < self.now_ms - SEALED_AFTER_MS:
            when = "after an aggregator has counted what waits (`doctor` says more)"
        else:
            # to the minute that begins later, so that nobody comes too early
            free_ms = -(-(to_ms + SEALED_AFTER_MS) // _MINUTE_MS) * _MINUTE_MS
            when = f"from {moment_words(free_ms, time_zone)} on"
        raise NotErasable(
            f"what ends at {moment_words(to_ms, time_zone)} may still change and can be erased {when}; "
            f"now, --to may be {hour} at most"
        )


def read_unsettled(client: Client, camera: str) -> Unsettled:
    """What may still be written of a camera.

    The stream is read before the open visits: an event between the two is seen in one of them, or is so new
    that nothing sealed comes of it.
    """
    now_ms = server_ms(client)
    unread_ms = oldest_unread_ms(client, keys.partition_of(camera))
    fields: Any = client.hgetall(keys.open_visits(camera))
    return Unsettled(now_ms, unread_ms, min(last_faces_ms(fields), default=None))


def oldest_unread_ms(client: Client, partition: int) -> int | None:
    """When the oldest entry of a partition was logged that is not counted yet, UTC; None: all are."""
    stream = keys.stream(partition)
    try:
        groups: Any = client.xinfo_groups(stream)
    except ResponseError as error:
        if "no such key" in str(error):
            return None
        raise
    group = next((group for group in groups if group["name"] == keys.GROUP.encode()), None)
    delivered = group["last-delivered-id"].decode() if group else "0-0"
    unread: Any = client.xrange(stream, f"({delivered}", "+", count=1)
    ids = [entry_id for entry_id, _ in unread]
    if group and group["pending"]:
        pending: Any = client.xpending(stream, keys.GROUP)
        ids += [pending["min"]] if pending["min"] else []
    return min((int(entry_id.partition(b"-")[0]) for entry_id in ids), default=None)
