"""Who may do what at Redis: its list of users. Pure.

Each service has the commands and keys that its code uses, and nothing else; what is not named is denied, so
nobody can flush, configure or watch others, and only the operator's own commands look for keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from admin.vault import ADMIN, AGGREGATOR, DASHBOARD, HEALTH, WORKER, redis_hash
from contract import keys
from contract.windows import Resolution

_PARTITION: Final = "moodlens:{[0-9]*}"
_CONNECT: Final = "ping hello select"
_CLAIM: Final = f"{_CONNECT} hget hsetnx"
"""What ``runtime.redis.open_redis`` does."""

_SCRIPT: Final = "evalsha script|load"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a user may do.

    Attributes:
        commands: names, ``command|subcommand`` too.
        writes: key patterns to read and write.
        reads: key patterns to read.
    """

    commands: str
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()

    def rule(self, name: str, password: str) -> str:
        """The user's line of the file."""
        allowed = [f"+{command}" for command in self.commands.split()]
        patterns = [f"~{pattern}" for pattern in self.writes] + [f"%R~{pattern}" for pattern in self.reads]
        words = ["user", name, "reset", "on", redis_hash(password), "-@all", *allowed, *patterns]
        return " ".join(words)


RIGHTS: Final[dict[str, Rights]] = {
    WORKER: Rights(
        f"{_CLAIM} {_SCRIPT} get set del mget getbit setbit expire xlen xadd hset hincrby",
        (
            "moodlens:{workers}:*",
            f"{_PARTITION}:emotions",
            f"{_PARTITION}:*:seen:*",
            keys.REJECTED,
            keys.REJECTED_COUNTS,
            keys.MODELS,
            keys.LAYOUT,
        ),
    ),
    AGGREGATOR: Rights(
        f"{_CLAIM} {_SCRIPT} time get set del pexpire pexpireat incr mget getrange bitfield hmget hgetall "
        "hset hdel smembers sadd zadd zcard zrem zremrangebyscore xadd xlen xrange xdel xack xtrim "
        "xpending xclaim xreadgroup xgroup|create xinfo|groups",
        (
            *(
                f"{_PARTITION}:{part}"
                for part in ("emotions", "lease", "epoch", "subjects", "outbox:*", "*:open", "*:outlet")
            ),
            f"{_PARTITION}:*:alerts",
            f"{_PARTITION}:*:alerts:log",
            *(f"{_PARTITION}:*:{resolution.value}:*" for resolution in Resolution),
            keys.AGGREGATORS,
            keys.LAYOUT,
        ),
        (f"{_PARTITION}:*:rules", keys.site("*")),
    ),
    DASHBOARD: Rights(
        f"{_CLAIM} {_SCRIPT} get mget getrange hmget hgetall hkeys hset hdel smembers xrevrange",
        (
            f"{_PARTITION}:*:rules",
            # who acknowledges only reads the first of these two, but to Redis a script writes all its keys
            f"{_PARTITION}:*:alerts",
            f"{_PARTITION}:*:alerts:acked",
            keys.notes("*"),
            keys.LAYOUT,
        ),
        ("moodlens:*",),
    ),
    ADMIN: Rights(
        f"{_CLAIM} {_SCRIPT} info time scan type exists pttl memory|usage acl|log get mget set del incr "
        "getrange setrange strlen bitfield hmget hgetall hkeys hset hdel pexpireat smembers zrange xadd xdel "
        "xlen xrange xrevrange xpending xinfo|groups",
        ("moodlens:*",),
    ),
    HEALTH: Rights(_CONNECT),
}


def users_file(passwords: Mapping[str, str]) -> str:
    """The file that Redis reads at its start (``aclfile``).

    Args:
        passwords: of each user in ``RIGHTS``.
    """
    lines = [
        # nobody can log in as this one; but Redis reads its own data as this one when it starts, and leaves
        # out what that user may not do
        "user default reset off allkeys allchannels +@all",
        *(rights.rule(name, passwords[name]) for name, rights in RIGHTS.items()),
    ]
    return "\n".join(lines) + "\n"
