"""A whole system of real processes, whose parts can be killed, frozen and cut off from one another."""

import logging
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Self

import redis

from bench.broker import deployed_settings, replaced
from contract import keys
from runtime.settings import MqttSettings
from tests.support.cameras import Flow
from tests.support.ledger import Ledger, read_ledger
from tests.support.link import Cut, Link
from tests.support.services import (
    Mosquitto,
    Process,
    RedisServer,
    eventually,
    program,
)

log = logging.getLogger(__name__)

SILENCE_S = 5
STREAM_KEPT_S = 900
POLL_MS = 100
BEGINS_WITHIN_S = 180.0
SETTLED_WITHIN_S = 300.0
UNCHANGED_S = 12.0
"""Beyond silence, with all processed: a ledger that stays the same for so long will not change any more."""

LEAVE_S = 120.0
LOOK_EVERY_S = 0.5


@dataclass(slots=True)
class Part:
    """A worker or an aggregator.

    Attributes:
        process: the program.
        to_redis: its connection to Redis, where it can be cut.
        to_broker: likewise to the broker.
    """

    process: Process
    to_redis: Link | None = None
    to_broker: Link | None = None
    _said_by_others: int = 0

    def takes_messages(self) -> bool:
        """Whether it is a worker that has begun."""
        return "takes messages" in self.process.output[self._said_by_others :]

    def kill_and_replace(self) -> None:
        """``kill -9``, and another one in its place at once."""
        self.process.kill()
        self._said_by_others = len(self.process.output)
        self.process.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The process does nothing for as long as the context lasts, and knows nothing of it afterwards."""
        self.process.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.signal(signal.SIGCONT)


class System:
    """A broker with the settings of ``deploy/``, a Redis, workers and aggregators.

    Args:
        folder: of logs and stores.
        workers, aggregators: how many.
        links: whether connections can be cut; they cost a little.
        silence_s: after which a camera's visits are closed.

    Attributes:
        broker, redis: the servers.
        workers, aggregators: the programs.
        cameras_to_broker: the connection of all cameras, where it can be cut.
        began_in_s: how long it took until all workers took messages.
    """

    def __init__(self, folder: Path, *, workers: int, aggregators: int, links: bool, silence_s: int) -> None:
        settings = replaced(
            deployed_settings("{port}", "{folder}"),
            ("connection_messages true\n", "connection_messages false\n"),
        )
        self.broker = Mosquitto(folder / "mosquitto", settings)
        self.redis = RedisServer(folder / "redis")
        self._folder = folder
        self._silence_s = silence_s
        self.began_in_s = 0.0
        self._links: list[Link] | None = [] if links else None
        self.cameras_to_broker = self._link(self.broker.port)
        self.workers = [self._part("classifier_worker", i) for i in range(workers)]
        self.aggregators = [self._part("aggregator", i) for i in range(aggregators)]

    @property
    def for_cameras(self) -> MqttSettings:
        """Where cameras find the broker."""
        link = self.cameras_to_broker
        return MqttSettings(host=self.broker.host, port=link.port if link else self.broker.port)

    @property
    def all_links(self) -> Sequence[Link]:
        """Every connection that can be cut."""
        assert self._links, "the system has no links"
        return self._links

    def start(self) -> Self:
        """Servers first; returns when all workers take messages."""
        start_s = time.monotonic()
        self.broker.start()
        self.redis.start()
        for part in (*self.workers, *self.aggregators):
            part.process.start()
        for worker in self.workers:
            self.wait_for(worker)
        self.began_in_s = time.monotonic() - start_s
        return self

    @staticmethod
    def wait_for(worker: Part) -> None:
        """Returns when a worker takes messages."""
        eventually(worker.takes_messages, BEGINS_WITHIN_S, "a worker")

    def settle(self, flow: Flow) -> Ledger:
        """The cameras end, what is under way arrives, workers and aggregators leave; what it came to."""
        flow.ends()
        with self.redis.client() as client:
            _settle(client, flow, self._silence_s + UNCHANGED_S)
            self._leave(self.workers)
            eventually(
                lambda: _is_processed(client), SETTLED_WITHIN_S, "the aggregators to catch up", LOOK_EVERY_S
            )
            self._leave(self.aggregators)
            ledger = read_ledger(client, flow.published)
        log.info("the ledger in the end\n%s", ledger)
        return ledger

    def ledger(self, flow: Flow) -> Ledger:
        """How it stands, in mid-flow."""
        with self.redis.client() as client:
            return read_ledger(client, flow.published)

    @property
    def processes(self) -> list[Process]:
        """Every process of the system, in the order in which they end."""
        parts = [part.process for part in (*self.workers, *self.aggregators)]
        return [*parts, self.redis.process, self.broker.process]

    def stop(self) -> None:
        """Ends whatever still runs, by force where it does not end by itself."""
        for process in self.processes:
            if process.is_running():
                process.signal(signal.SIGCONT)
                with suppress(TimeoutExpired):
                    process.stop()
                if process.is_running():
                    process.kill()
        for link in self._links or []:
            link.stop()

    @property
    def output(self) -> str:
        """What workers and aggregators have logged."""
        return "".join(part.process.output for part in (*self.workers, *self.aggregators))

    def _part(self, module: str, number: int) -> Part:
        to_redis = self._link(self.redis.port)
        to_broker = self._link(self.broker.port) if module == "classifier_worker" else None
        environment = {
            "MOODLENS_REDIS_URL": f"redis://127.0.0.1:{to_redis.port if to_redis else self.redis.port}/0",
            "MOODLENS_MQTT_HOST": self.broker.host,
            "MOODLENS_MQTT_PORT": str(to_broker.port if to_broker else self.broker.port),
            "PYTHONFAULTHANDLER": "1",
            "MOODLENS_AGGREGATOR_SILENCE_S": str(self._silence_s),
            "MOODLENS_AGGREGATOR_STREAM_KEPT_S": str(STREAM_KEPT_S),
            "MOODLENS_AGGREGATOR_POLL_MS": str(POLL_MS),
        }
        log = self._folder / f"{module}-{number}.log"
        return Part(program(module, [], log, environment), to_redis, to_broker)

    def _link(self, port: int) -> Link | None:
        if self._links is None:
            return None
        self._links.append(Link(port).start())
        return self._links[-1]

    @staticmethod
    def _leave(parts: Sequence[Part]) -> None:
        """Ends programs in order; one that does not end says where it stands."""
        for part in parts:
            process = part.process
            if not process.is_running():
                continue
            try:
                status = process.stop(LEAVE_S)
            except TimeoutExpired:
                process.signal(signal.SIGABRT)  # faulthandler shows every thread
                status = process.wait()
            assert status == 0, f"{process.command} ended with {status}\n{process.output}"


@contextmanager
def system(
    folder: Path,
    *,
    workers: int = 2,
    aggregators: int = 2,
    links: bool = False,
    silence_s: int = SILENCE_S,
) -> Iterator[System]:
    """A running system, of which nothing is left when the context ends."""
    whole = System(folder, workers=workers, aggregators=aggregators, links=links, silence_s=silence_s)
    try:
        yield whole.start()
        assert "Traceback" not in whole.output, whole.output
    finally:
        whole.stop()
        assert not any(process.is_running() for process in whole.processes), "a process is left"


@contextmanager
def all_cut(links: Sequence[Link | None], how: Cut) -> Iterator[None]:
    """Several connections fail at once."""
    with ExitStack() as stack:
        for link in links:
            assert link, "the system has no links"
            stack.enter_context(link.cut(how))
        yield


def _settle(client: redis.Redis, flow: Flow, rests_for_s: float) -> None:
    """Waits until the ledger balances and nothing more can come, or until it does not change any more."""
    state, since_s = "", time.monotonic()

    def rests() -> bool:
        nonlocal state, since_s
        ledger = read_ledger(client, flow.published)
        is_processed = _is_processed(client)
        now = f"{ledger}{[account.faults for account in ledger.accounts]}{is_processed}"
        if now != state:
            state, since_s = now, time.monotonic()
        unchanged_s = time.monotonic() - since_s
        is_at_rest = is_processed and unchanged_s >= rests_for_s and not ledger.total("under_way")
        return ledger.is_final or is_at_rest

    eventually(rests, SETTLED_WITHIN_S, "the ledger to rest", LOOK_EVERY_S)


def _is_processed(client: redis.Redis) -> bool:
    """Whether all that is in the streams has been committed."""
    for partition in range(keys.PARTITIONS):
        name = keys.stream(partition)
        if not client.exists(name):
            continue
        groups = client.xinfo_groups(name)
        last_id = client.xinfo_stream(name)["last-generated-id"]
        if any(group["pending"] or group["last-delivered-id"] != last_id for group in groups):
            return False
    return True
