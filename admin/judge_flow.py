"""What is to be said of workers, aggregators, queues, clocks and cameras. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from admin.facts import CameraFacts, Facts, FlowFacts, PartitionFacts, Unknown
from admin.finding import Finding, Level, act, look, ok
from contract.events import CameraStatus
from dashboard.cameras.reports import Clock, clock_words, judge_clock, refusal_words
from dashboard.words.times import duration

WORKERS, AGGREGATORS, QUEUES, MODEL = "workers", "aggregators", "queues", "model"
CLOCKS, CAMERAS, LOSSES = "clocks", "cameras", "losses"

CLOCK_LOOK_MS, CLOCK_ACT_MS = 1_000, 30_000

BEHIND_LOOK_MS, BEHIND_ACT_MS = 10_000, 60_000
"""How long what waits has waited."""

STREAM_ACT: Final = 100_000
"""Entries: half of what workers fill a stream with before they shed."""

OUTBOX_LOOK, OUTBOX_ACT = 100, 1_500
"""Messages; of more than 2,000 the oldest go."""

SET_CLOCK: Final = "Let the camera take its time from NTP."

NEW_MS: Final = 180_000
"""So long after its start nothing of a camera may be told: reports are judged when their minute is over."""

LOST_LOOK, LOST_ACT = 0.01, 0.1
"""Share of the frames with faces of 15 minutes."""


def judge_flow(facts: FlowFacts | Unknown, now_ms: int) -> Iterator[Finding]:
    """Everything between broker and windows."""
    if isinstance(facts, Unknown):
        return  # Redis is away, which is said
    yield from _judge_clock(facts.clock_ms)
    yield from _judge_models(facts)
    if facts.workers:
        yield ok(WORKERS, f"{facts.workers} at work")
    else:
        yield act(WORKERS, "none is at work: no face is classified", "Start a worker, look at its log.")
    if facts.orphans:
        yield look(
            WORKERS,
            f"{facts.orphans} ended without a goodbye a moment ago",
            "Is it restarted? Others fetch what it left within seconds.",
        )
    yield from _judge_aggregators(facts)
    yield from _judge_queues(facts.partitions, now_ms - facts.clock_ms)
    if facts.refused:
        told = ", ".join(f"{reason.replace('_', ' ')} {count:,}" for reason, count in facts.refused.items())
        yield look(
            "refused",
            f"messages refused in the last 15 minutes: {told}",
            "The page Cameras says which cameras; XREVRANGE moodlens:rejected + - says more.",
        )


def _judge_clock(clock_ms: int) -> Iterator[Finding]:
    side = "ahead of" if clock_ms > 0 else "behind"
    told = f"this machine is {duration(abs(clock_ms))} {side} Redis"
    if abs(clock_ms) < CLOCK_LOOK_MS:
        yield ok(CLOCKS, "this machine and Redis agree")
    elif abs(clock_ms) < CLOCK_ACT_MS:
        yield look(CLOCKS, told, "Let both take their time from NTP.")
    else:
        yield act(CLOCKS, told, "Let both take their time from NTP: cameras are refused by the clock.")


def _judge_models(facts: FlowFacts) -> Iterator[Finding]:
    if not facts.cards:
        yield look(MODEL, "no worker has told of its model yet", "Start a worker.")
    elif len(facts.models) > 1:
        yield look(
            MODEL,
            f"several at once in the last 15 minutes: {', '.join(facts.models)}",
            "Let all workers, and cameras that classify themselves, run the same one.",
        )
    else:
        in_use = f"{facts.models[0]} in use" if facts.models else "none in use in the last 15 minutes"
        yield ok(MODEL, in_use)


def _judge_aggregators(facts: FlowFacts) -> Iterator[Finding]:
    if not facts.aggregators:
        yield act(AGGREGATORS, "none is at work: nothing is counted", "Start one, look at its log.")
        return
    yield ok(AGGREGATORS, f"{facts.aggregators} at work")
    free = [str(partition.number) for partition in facts.partitions if not partition.is_owned]
    if free:
        yield act(
            AGGREGATORS,
            f"nobody counts partitions {', '.join(free)}",
            "Wait ten seconds and look again; then restart the aggregators.",
        )


def _judge_queues(partitions: Sequence[PartitionFacts], now_ms: int) -> Iterator[Finding]:
    """By the clock of Redis, which says when what waits was logged."""
    unread = sum(partition.unread for partition in partitions)
    oldest_ms = min((it.oldest_ms for it in partitions if it.oldest_ms is not None), default=now_ms)
    events = "1 event waits" if unread == 1 else f"{unread:,} events wait"
    told = f"{events} to be counted, the oldest for {duration(max(0, now_ms - oldest_ms))}"
    longest = max((partition.entries for partition in partitions), default=0)
    if now_ms - oldest_ms > BEHIND_ACT_MS:
        yield act(QUEUES, told, "Is an aggregator at work? If it is and does not catch up, start another.")
    elif now_ms - oldest_ms > BEHIND_LOOK_MS:
        yield look(QUEUES, told, "Look again in a minute; if it grows, start another aggregator.")
    else:
        yield ok(QUEUES, told if unread else "all that came is counted")
    if longest > STREAM_ACT:
        yield act(
            QUEUES,
            f"a stream holds {longest:,} events; a full one takes no more, and frames are shed",
            "Start another aggregator.",
        )
    for destination in sorted({name for partition in partitions for name in partition.waiting}):
        waiting = sum(partition.waiting.get(destination, 0) for partition in partitions)
        fullest = max(partition.waiting.get(destination, 0) for partition in partitions)
        if waiting > OUTBOX_LOOK:
            judge = act if fullest > OUTBOX_ACT else look
            yield judge(
                QUEUES,
                f"{waiting:,} messages wait for {destination}",
                "Does it answer? The aggregator's log says why not; in the end the oldest are dropped.",
            )


def judge_cameras(facts: Facts) -> Iterator[Finding]:
    """Every camera that is not as it should be, and how many are."""
    if isinstance(facts.cameras, Unknown):
        return  # Redis is away, which is said
    statuses = {} if isinstance(facts.broker, Unknown) else facts.broker.statuses
    wrong = 0
    gone = [it.name for it in facts.cameras if _is_gone(it, statuses.get(it.name))]
    for camera in facts.cameras:
        if camera.name in gone:
            continue
        found = list(_judge_camera(camera, statuses.get(camera.name), facts.now_ms))
        wrong += any(finding.level is not Level.OK for finding in found)
        yield from found
    well = len(facts.cameras) - len(gone) - wrong
    if gone:
        told = f"{', '.join(gone)}: nothing for a week"
        yield look(
            CAMERAS, told, "Taken down? Then this is as it should be; else look at their power, network."
        )
    uncounted = list(_judge_uncounted(facts.cameras, statuses))
    if not facts.cameras and not uncounted:
        yield look(CAMERAS, "none has been seen yet", "`admin enroll SITE/CAMERA` lets one in.")
    elif well:
        yield ok(CAMERAS, f"{well} of {len(facts.cameras)} as they should be")
    yield from _judge_losses(facts.cameras)
    yield from uncounted


def _is_gone(camera: CameraFacts, status: CameraStatus | None) -> bool:
    """Whether nothing has come of it for so long that somebody must know."""
    return camera.retired and not camera.refusal and not (status and status.online)


def _judge_camera(camera: CameraFacts, status: CameraStatus | None, now_ms: int) -> Iterator[Finding]:
    refused = refusal_words(camera.refusal)
    if refused:
        yield act(camera.name, refused, "Update the camera, or find out who sends in its name.")
    clock, told = judge_clock(camera.heard, camera.refusal), clock_words(camera.heard, camera.refusal)
    if clock is Clock.WRONG:
        yield act(camera.name, told, SET_CLOCK)
    elif clock is Clock.AHEAD:
        yield look(camera.name, told, SET_CLOCK)
    elif clock is Clock.LATE:
        yield look(camera.name, told, f"{SET_CLOCK} If it does, look at its network and at the queues.")
    if not camera.is_open or camera.looked:
        return
    if status and not status.online:
        yield act(camera.name, "is offline while its site is open", "Look at the camera: power, network.")
    elif status and status.since_ms > now_ms - NEW_MS:
        told = f"has just started; what it did is told after {duration(NEW_MS)}"
        yield look(camera.name, told, "Look again in a few minutes.")
    else:
        yield act(camera.name, "has told of nothing for 15 minutes", "Look at the camera's log.")


def _judge_losses(cameras: Sequence[CameraFacts]) -> Iterator[Finding]:
    published = sum(camera.published for camera in cameras)
    if not published:
        return
    kinds = (
        ("shed", [camera.shed for camera in cameras], "Workers cannot keep up: run more of them."),
        ("expired", [camera.expired for camera in cameras], "Workers were away: look at their log."),
        ("dropped", [camera.dropped for camera in cameras], "Cameras could not send: look at the network."),
    )
    for name, counts, advice in kinds:
        share = sum(counts) / published
        if share >= LOST_LOOK:
            worst = cameras[counts.index(max(counts))].name
            judge = act if share >= LOST_ACT else look
            yield judge(
                LOSSES, f"{share:.0%} of the frames of 15 minutes were {name}, most of {worst}", advice
            )


def _judge_uncounted(
    cameras: Sequence[CameraFacts], statuses: Mapping[str, CameraStatus]
) -> Iterator[Finding]:
    known = {camera.name for camera in cameras}
    for name, status in sorted(statuses.items()):
        if status.online and name not in known:
            yield look(name, "is online, and nothing of it is counted yet", "Look again in a minute.")
