"""What is to be said of the broker, Redis, certificates and the disk. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from admin.facts import BrokerFacts, CertificateFacts, DiskFacts, RedisFacts, Unknown
from admin.finding import Finding, act, look, ok

BROKER, REDIS, CERTIFICATE, DISK = "broker", "Redis", "certificate", "disk"

REDIS_VERSION_LEAST: Final = 7
MEMORY_LOOK, MEMORY_ACT = 0.75, 0.9
DISK_LOOK, DISK_ACT = 0.15, 0.05

_DAY_MS: Final = 86_400_000
ENDS_LOOK_MS: Final = 30 * _DAY_MS
"""As long before its end, set-up makes a server's certificate anew."""

ENDS_ACT_MS: Final = 14 * _DAY_MS
AUTHORITY_LOOK_MS: Final = 365 * _DAY_MS
"""A new authority means a new file for every camera: a year is needed to think of it."""


def judge_broker(facts: BrokerFacts | Unknown) -> Iterator[Finding]:
    """The broker."""
    if isinstance(facts, Unknown):
        yield act(
            BROKER,
            facts.why,
            "Is it running, and is the password right? Its log says more. Cameras keep faces for 30 s.",
        )
        return
    if not facts.version:
        yield look(
            BROKER,
            "answers, and tells nothing of itself",
            "Is it Mosquitto, and may this user read $SYS? Run `admin setup` with the broker stopped.",
        )
        return
    known = [
        f"{facts.clients} connections" if facts.clients is not None else "",
        f"{size(facts.heap_bytes)} of memory" if facts.heap_bytes is not None else "",
        f"{size(facts.stored_bytes)} kept" if facts.stored_bytes is not None else "",
    ]
    yield ok(BROKER, f"{facts.version}: {', '.join(filter(None, known))}")
    if facts.dropped_a_minute:
        yield act(
            BROKER,
            f"drops messages: {facts.dropped_a_minute:.1f} a minute in the last 15 minutes",
            "Workers take too little: run more of them. Its bound is max_queued_bytes in mosquitto.conf.",
        )
    elif facts.dropped:
        yield ok(BROKER, f"{facts.dropped:,} messages were dropped since its start, none of late")


def judge_redis(facts: Sequence[RedisFacts] | Unknown) -> Iterator[Finding]:
    """Every server of Redis."""
    if isinstance(facts, Unknown):
        yield act(
            REDIS,
            facts.why,
            "Is it running, and is its password right? Its log says more. Nothing is counted meanwhile.",
        )
        return
    for server in facts:
        about = f"{REDIS} {server.name}".strip()
        bound = f" of {size(server.max_bytes)}" if server.max_bytes else ""
        yield ok(
            about, f"{server.version}: {size(server.used_bytes)}{bound} in use, {server.clients} connections"
        )
        yield from _judge_memory(about, server)
        yield from _judge_file(about, server)


def _judge_memory(about: str, server: RedisFacts) -> Iterator[Finding]:
    if int(server.version.partition(".")[0]) < REDIS_VERSION_LEAST:
        yield act(about, f"version {server.version} is too old", f"Install {REDIS_VERSION_LEAST} or newer.")
    if server.policy != "noeviction":
        yield act(
            about,
            f"may throw figures away when memory is short ({server.policy})",
            "Set maxmemory-policy noeviction.",
        )
    if server.evicted:
        yield act(
            about,
            f"threw {server.evicted:,} keys away since its start",
            "Figures are lost. Set maxmemory-policy noeviction, and more memory.",
        )
    if not server.max_bytes:
        yield look(about, "has no bound of memory", "Set maxmemory to half of what its container has.")
        return
    share = server.used_bytes / server.max_bytes
    if share >= MEMORY_LOOK:
        judge = act if share >= MEMORY_ACT else look
        yield judge(
            about,
            f"{share:.0%} of its memory is in use; when it is full, nothing is counted any more",
            "Set a larger maxmemory (MOODLENS_REDIS_MAXMEMORY), and twice that for its container "
            "(MOODLENS_REDIS_MEMORY).",
        )


def _judge_file(about: str, server: RedisFacts) -> Iterator[Finding]:
    if not server.is_appending:
        yield act(about, "keeps nothing on disk: all is lost when it stops", "Set appendonly yes.")
    elif not server.is_writing:
        yield act(about, "cannot write to its disk", "Look at its log: is the disk full?")
    elif not server.is_rewriting:
        yield look(about, "could not rewrite its file, which grows meanwhile", "Look at its log.")


def judge_certificates(facts: Sequence[CertificateFacts | Unknown], now_ms: int) -> Iterator[Finding]:
    """Every certificate."""
    for certificate in facts:
        if isinstance(certificate, Unknown):
            yield look(CERTIFICATE, certificate.why, "`admin setup` makes what is missing.")
        else:
            yield from _judge_certificate(certificate, now_ms)


def _judge_certificate(facts: CertificateFacts, now_ms: int) -> Iterator[Finding]:
    left_ms = facts.ends_ms - now_ms
    days = left_ms // _DAY_MS
    left = "1 day" if days == 1 else f"{days} days" if days else "less than a day"
    renew = "Run `admin setup`, and restart what serves it."
    if facts.is_authority:
        renew = "A new authority, and its file for every camera: see docs/operations.md."
    if left_ms <= 0:
        yield act(CERTIFICATE, f"{facts.what} has ended: nobody can connect", renew)
    elif left_ms < ENDS_ACT_MS:
        yield act(CERTIFICATE, f"{facts.what} ends in {left}", renew)
    elif left_ms < (AUTHORITY_LOOK_MS if facts.is_authority else ENDS_LOOK_MS):
        yield look(CERTIFICATE, f"{facts.what} ends in {left}", renew)
    else:
        yield ok(CERTIFICATE, f"{facts.what} is good for {left}")
    if facts.missing:
        yield act(
            CERTIFICATE,
            f"{facts.what} is not for {', '.join(facts.missing)}: who calls the server so cannot connect",
            renew,
        )
    if facts.is_served is False:
        yield act(CERTIFICATE, f"{facts.what} is not what the broker serves", "Restart the broker.")


def judge_disk(facts: DiskFacts | Unknown, servers: Sequence[RedisFacts] | Unknown) -> Iterator[Finding]:
    """The disk below the secrets; with volumes of one machine also that of Redis."""
    if isinstance(facts, Unknown):
        yield look(DISK, facts.why, "")
        return
    file_bytes = 0 if isinstance(servers, Unknown) else sum(server.file_bytes for server in servers)
    told = f"{size(facts.free_bytes)} of {size(facts.total_bytes)} free, as seen from {facts.folder}"
    share = facts.free_bytes / max(1, facts.total_bytes)
    if share < DISK_ACT or facts.free_bytes < file_bytes:
        yield act(DISK, told, f"Free some: Redis rewrites its file of {size(file_bytes)} beside the old one.")
    elif share < DISK_LOOK:
        yield look(DISK, told, "Free some before it is full.")
    else:
        yield ok(DISK, told)


def size(count: int) -> str:
    """Bytes, to be read."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
