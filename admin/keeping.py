"""How long sites keep their windows, in Redis: read, set, and held by what is stored already."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Any, Final

from redis.exceptions import ResponseError

from admin.errors import Refused
from contract import keys
from contract.retention import FIELDS, SHORT_NAMES, BadRetention, Retention, parse_kept
from contract.rules import BadRule, DeviationRule, decode_rule
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.subjects import read_subjects, site_of
from runtime.expiry import expire_earlier
from runtime.redis import Client, server_ms

AS_USUAL: Final = "default"
"""In place of a time: as long as a site keeps windows that sets nothing."""

_WEEK_MS: Final = 7 * WINDOW_MS[Resolution.DAY]


def parse_keep(words: Iterable[str]) -> dict[str, str | None]:
    """Fields of ``keys.site`` from such as ``1h=90d``; None: it is taken away.

    Raises:
        Refused: one of them cannot be used; says why.
    """
    names = {name: each for each, short in SHORT_NAMES.items() for name in (short, each.value)}
    fields: dict[str, str | None] = {}
    for word in words:
        name, _, span = word.partition("=")
        if name not in names:
            raise Refused(f"--keep {word}: say of which windows ({', '.join(SHORT_NAMES.values())}): 1h=90d")
        try:
            if span != AS_USUAL:
                parse_kept(names[name], span)
        except BadRetention as error:
            raise Refused(f"--keep {word}: {error}") from None
        fields[FIELDS[names[name]]] = None if span == AS_USUAL else span
    return fields


def read_retentions(client: Client, sites: Iterable[str]) -> dict[str, Retention]:
    """How long sites keep their windows, by name; one round trip. A site that is no hash sets nothing."""
    names = list(sites)
    with client.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hmget(keys.site(name), list(FIELDS.values()))
        replies = pipe.execute(raise_on_error=False)
    return {name: _retention(reply) for name, reply in zip(names, replies, strict=True)}


def _retention(reply: list[bytes | None] | Exception) -> Retention:
    if isinstance(reply, ResponseError):
        return Retention()
    if isinstance(reply, Exception):
        raise reply
    return Retention.read(reply)


def hold(client: Client, site: str, kept: Retention, time_zone: tzinfo) -> int:
    """Has all that is stored of a site expire as it keeps it; how many chunks expire earlier.

    Nothing lives longer than before, so it may be said again at any time. Dashboards forget what is gone.

    Args:
        client: Redis.
        site: its name.
        kept: how long it keeps its windows.
        time_zone: the site's.
    """
    subjects = [subject for subject in read_subjects(client).names if site_of(subject) == site]
    now_ms = server_ms(client)
    earlier = expire_earlier(client, subjects, list(Resolution), kept, time_zone, now_ms)
    if earlier:
        # by its name: redis-py's own sends INCRBY, which the operator's user may not
        client.execute_command("INCR", keys.ERASURES_GENERATION)  # type: ignore[no-untyped-call]
    return earlier


def rules_beyond(client: Client, cameras: Iterable[str], kept: Retention) -> list[str]:
    """Rules that hold an hour against weeks that are kept no more: a sentence each."""
    said = []
    kept_ms = kept.kept_ms(DeviationRule().resolution)
    for camera in cameras:
        fields: Any = client.hgetall(keys.rules(camera))
        for name, rule in sorted(_deviations(fields).items()):
            if rule.weeks * _WEEK_MS > kept_ms:
                weeks = kept_ms // _WEEK_MS
                so = f"it finds {weeks}" if weeks >= rule.weeks_min else "it judges no hour any more"
                said.append(f"Note: the rule {name} of {camera} looks back {rule.weeks} weeks: {so}.")
    return said


def _deviations(fields: Mapping[bytes, bytes]) -> dict[str, DeviationRule]:
    """Rules that look back, by name; of what is no rule, others complain."""
    found = {}
    for name, payload in fields.items():
        try:
            rule = decode_rule(name.decode(errors="replace"), payload)
        except BadRule:
            continue
        if isinstance(rule, DeviationRule):
            found[name.decode()] = rule
    return found
