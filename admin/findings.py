"""From facts to findings. Pure."""

from collections.abc import Iterator

from admin.facts import Facts, Unknown
from admin.finding import Finding, Level, act
from admin.judge_flow import judge_cameras, judge_flow
from admin.judge_servers import REDIS, judge_broker, judge_certificates, judge_disk, judge_redis


def findings(facts: Facts) -> list[Finding]:
    """All that is to be said, the gravest first, and in the order in which a frame passes."""
    found = [
        *judge_broker(facts.broker),
        *judge_redis(facts.redis),
        *judge_certificates(facts.certificates, facts.now_ms),
        *judge_disk(facts.disk, facts.redis),
        *judge_flow(facts.flow, facts.now_ms),
        *judge_cameras(facts),
        *_judge_gaps(facts),
    ]
    order = [Level.ACT, Level.LOOK, Level.OK]
    return sorted(found, key=lambda finding: order.index(finding.level))


def _judge_gaps(facts: Facts) -> Iterator[Finding]:
    """What Redis did not tell though it is there: silence is no health."""
    if isinstance(facts.redis, Unknown):
        return
    for what, known in (("queues and services", facts.flow), ("cameras", facts.cameras)):
        if isinstance(known, Unknown):
            yield act(
                REDIS, f"tells nothing of {what}: it {known.why}", "Look again; then at the log of Redis."
            )
