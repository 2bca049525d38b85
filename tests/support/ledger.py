"""The ledger: what cameras published against what the streams and the windows say, to the frame."""

from collections.abc import Sequence
from datetime import UTC
from typing import Final

from contract import keys
from contract.windows import WINDOW_MS, Resolution
from runtime.redis import Client
from runtime.windows import read_windows
from tests.support.account import Account
from tests.support.balance import balance
from tests.support.cameras import Published
from tests.support.events import utc_ms
from tests.support.stream import stream_events

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000

_HEADINGS: Final = {
    "sent": "sent",
    "frames": "frames",
    "shed": "shed",
    "expired": "expired",
    "dropped": "dropped",
    "refused": "refused",
    "published": "published",
    "missing": "missing",
    "reports_missing": "reports missing",
    "faces_sent": "faces sent",
    "face_frames": "face-frames",
    "late": "late",
    "visits": "visits",
    "tracks": "tracks",
}


class Ledger:
    """The accounts of all cameras of a test."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.accounts = accounts

    @property
    def is_final(self) -> bool:
        """Whether it balances and nothing more can come."""
        return not any(
            account.faults or account.under_way or account.reports_missing for account in self.accounts
        )

    def total(self, name: str) -> int:
        """A figure of an account, summed over all cameras."""
        return sum(getattr(account, name) for account in self.accounts)

    def oldest_missing_s(self) -> float:
        """Age of the oldest frame that is not in the log."""
        return max(
            ((utc_ms() - at_ms) / 1000 for each in self.accounts for at_ms in each.missing_ms), default=0.0
        )

    def check(
        self,
        *,
        outage_ms: tuple[int, int] | None = None,
        expired: int = 0,
        refused: int = 0,
        late: int | None = None,
        reports_missing: int = 0,
    ) -> None:
        """Fails, and says why, unless all adds up.

        Frames that were shed are always allowed: they are in the log by name.

        Args:
            outage_ms: only frames captured within it (UTC) may have expired or been dropped; None: none may.
            expired: without an outage, most frames that may have expired.
            refused: messages that have to be refused.
            late: most faces that may have come after their visit had closed; None: any number.
            reports_missing: most reports that may be missing; their frames are not in ``published``.
        """
        faults = [f"{account.camera}: {fault}" for account in self.accounts for fault in account.faults]
        bounds = {"reports_missing": reports_missing}
        if late is not None:
            bounds["late"] = late
        if outage_ms is None:
            bounds |= {"expired": expired, "dropped": 0}
        else:
            faults += self._missing_outside(*outage_ms)
        for name, most in bounds.items():
            if self.total(name) > most:
                faults.append(
                    f"{self.total(name)} {_HEADINGS[name]}, where {most} are to be expected at most"
                )
        if self.total("refused") != refused:
            faults.append(f"{self.total('refused')} messages refused, {refused} had to be")
        told = [f"  - {fault}" for fault in faults]
        assert not faults, "\n".join(["the ledger does not balance", *told, str(self)])

    def _missing_outside(self, from_ms: int, to_ms: int) -> list[str]:
        missing = [at_ms for account in self.accounts for at_ms in account.missing_ms]
        seconds = sorted((at_ms - from_ms) / 1000 for at_ms in missing if not from_ms <= at_ms < to_ms)
        if not seconds:
            return []
        length_s = (to_ms - from_ms) / 1000
        when = f"{seconds[0]:.1f} to {seconds[-1]:.1f} s after the beginning of an outage of {length_s:.0f} s"
        return [f"{len(seconds)} frames are missing that were captured {when}"]

    def __str__(self) -> str:
        lines = [["camera", *_HEADINGS.values()]]
        lines.extend(
            [account.camera, *(str(getattr(account, name)) for name in _HEADINGS)]
            for account in self.accounts
        )
        lines.append(["together", *(str(self.total(name)) for name in _HEADINGS)])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(word.rjust(width) for word, width in zip(line, widths, strict=True)) for line in lines
        )


def read_ledger(client: Client, published: Sequence[Published]) -> Ledger:
    """The ledger as it stands; ``client`` is connected to a Redis that keeps its streams whole."""
    logged = [event for p in range(keys.PARTITIONS) for event in stream_events(client, p)]
    now_ms = utc_ms()
    accounts = []
    # after the log has been read: what is logged was published before
    for one in [each.so_far() for each in published]:
        skew_ms = one.skew_ms
        from_ms = now_ms + min(0, skew_ms) - _HOUR_MS
        to_ms = now_ms + max(0, skew_ms) + _MINUTE_MS
        windows = {
            # from the beginning of one: a test may go on over midnight
            each: read_windows(client, one.camera, each, from_ms - from_ms % WINDOW_MS[each], to_ms, UTC)
            for each in Resolution
        }
        mine = [event for event in logged if event.camera == one.camera]
        accounts.append(balance(one, mine, windows, now_ms))
    return Ledger(accounts)
