"""Keeps the streams short: processed entries go after a while, or at once where a stream is long."""

from importlib.resources import files

from contract import keys
from runtime.redis import Client

KEPT_ENTRIES = 10_000
"""Processed entries are kept (for those who look) only in streams shorter than this."""

TRIM_EVERY_MS = 1_000


class Trimmer:
    """Trims streams by the script ``trim.lua``.

    Args:
        client: Redis.
        kept_ms: how long processed entries stay.
    """

    def __init__(self, client: Client, kept_ms: int) -> None:
        self._script = client.register_script(files(__package__).joinpath("trim.lua").read_text())
        self._kept_ms = kept_ms

    def trim(self, partition: int) -> int:
        """Trims a partition's stream; how many entries went.

        It needs no gate: what it takes for processed has been acknowledged by a commit.
        """
        return int(
            self._script(keys=[keys.stream(partition)], args=[keys.GROUP, self._kept_ms, KEPT_ENTRIES])
        )
