"""From facts to findings. Pure."""

from admin.facts import Facts
from admin.finding import Finding, Level
from admin.judge_flow import judge_cameras, judge_flow
from admin.judge_servers import judge_broker, judge_certificates, judge_disk, judge_redis


def findings(facts: Facts) -> list[Finding]:
    """All that is to be said, the gravest first, and in the order in which a frame passes."""
    found = [
        *judge_broker(facts.broker),
        *judge_redis(facts.redis),
        *judge_certificates(facts.certificates, facts.now_ms),
        *judge_disk(facts.disk, facts.redis),
        *judge_flow(facts.flow, facts.now_ms),
        *judge_cameras(facts),
    ]
    order = [Level.ACT, Level.LOOK, Level.OK]
    return sorted(found, key=lambda finding: order.index(finding.level))
