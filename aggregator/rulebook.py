"""The alert rules of a partition's cameras, as people wrote them into Redis."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from redis.exceptions import ResponseError

from aggregator import metrics
from contract import keys
from contract.rules import BadRule, Rule, decode_rule
from runtime.redis import Client

log = logging.getLogger(__name__)

READ_EVERY_MS = 5_000


@dataclass(frozen=True, slots=True)
class CameraRules:
    """Of one camera.

    Attributes:
        usable: name → rule.
        names: of all there are, usable or not.
    """

    usable: dict[str, Rule] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


NONE = CameraRules()


class Rulebook:
    """Rules, read again every few seconds, in one round trip for all cameras.

    A rule that cannot be used is said and counted once for each text it has; its alert stays as it stands.

    Args:
        client: Redis.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._read_ms: int | None = None
        self._cameras: frozenset[str] = frozenset()
        self._rules: dict[str, CameraRules] = {}
        self._complained: set[tuple[str, bytes, bytes]] = set()

    def of(self, camera: str) -> CameraRules:
        """The rules of a camera, as last read."""
        return self._rules.get(camera, NONE)

    def refresh(self, cameras: Collection[str], now_ms: int) -> bool:
        """Reads the rules of ``cameras`` if it is time to, or if there are others; whether it did."""
        wanted = frozenset(cameras)
        is_recent = self._read_ms is not None and now_ms - self._read_ms < READ_EVERY_MS
        if is_recent and wanted <= self._cameras:
            return False
        self._read_ms = now_ms
        self._cameras = wanted
        names = sorted(wanted)
        with self._client.pipeline(transaction=False) as pipe:
            for camera in names:
                pipe.hgetall(keys.rules(camera))
            replies = pipe.execute(raise_on_error=False)  # one camera's odd key is no reason to stop
        self._rules = {
            camera: self._decode(camera, reply) for camera, reply in zip(names, replies, strict=True) if reply
        }
        return True

    def _decode(self, camera: str, fields: dict[bytes, bytes] | Exception) -> CameraRules:
        if isinstance(fields, ResponseError):
            self._complain(camera, b"", b"", BadRule(str(fields)))
            return NONE
        if isinstance(fields, Exception):
            raise fields
        usable: dict[str, Rule] = {}
        names = set()
        for raw, payload in fields.items():
            name = raw.decode(errors="replace")
            names.add(name)
            try:
                usable[name] = decode_rule(name, payload)
            except BadRule as error:
                self._complain(camera, raw, payload, error)
        return CameraRules(usable, frozenset(names))

    def _complain(self, camera: str, name: bytes, payload: bytes, error: BadRule) -> None:
        text = (camera, name, payload)
        if text not in self._complained:
            self._complained.add(text)
            metrics.BAD_RULES.inc()
            what = f"the rule {name.decode(errors='replace')!r} is" if name else "its rules are"
            log.warning("%s: %s not used: %s", camera, what, error)
