"""Where a partition's closed windows come out: read once each, judged, and the result put into a commit."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from aggregator import metrics
from aggregator.closure import closed_to_ms
from aggregator.commit import Commit
from aggregator.fold import Timing
from aggregator.grid import window_at, windows_within
from aggregator.judgement import decide, dismiss
from aggregator.reading import Due, due_windows, read_due
from aggregator.rulebook import CameraRules, Rulebook
from aggregator.sites import Sites
from aggregator.standing import Fields, Standing, changes
from aggregator.state import CameraState
from contract import keys
from contract.announcements import Alert, Announcement, encode_announcement
from contract.keys import MQTT, WEBHOOK
from contract.retention import LOOK_BACK_MS, look_back_ms
from contract.rules import DeviationRule
from contract.topics import Suffix, topic
from contract.windows import Resolution
from runtime.redis import Client

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told, and to whom.

    Attributes:
        published: resolutions of closed windows, the finest first; may be empty.
        webhook: whether alerts also go to a webhook.
    """

    published: tuple[Resolution, ...]
    webhook: bool


@dataclass(slots=True)
class _Desk:
    """A camera's standing, and the fields that Redis holds of it.

    Before ``next_ms`` no window is over that was not looked at: most looks are one comparison.
    """

    standing: Standing
    outlet: Fields
    alerts: Fields
    next_ms: int = 0


class Outlet:
    """What an owner keeps of its partition's outgoing side.

    Args:
        client: Redis.
        partition: its number.
        sites: time zones and k.
        telling: what is told, and to whom.
    """

    def __init__(self, client: Client, partition: int, sites: Sites, telling: Telling) -> None:
        self._client = client
        self._partition = partition
        self._sites = sites
        self._telling = telling
        self._rulebook = Rulebook(client)
        self._desks: dict[str, _Desk] = {}

    def load(self, cameras: list[str]) -> None:
        """Reads how things stand; what was decided and not committed is forgotten."""
        with self._client.pipeline(transaction=False) as pipe:
            for camera in cameras:
                pipe.hgetall(keys.outlet(camera))
                pipe.hgetall(keys.alerts(camera))
            replies = pipe.execute()
        self._desks = {
            camera: self._desk(replies[2 * i], replies[2 * i + 1]) for i, camera in enumerate(cameras)
        }

    def knows(self, camera: str) -> bool:
        """Whether the camera's windows are looked at."""
        return camera in self._desks

    def begin(self, commit: Commit, camera: str, at_ms: int, log_ms: int) -> None:
        """Makes a new camera known: its windows are looked at from its first event on.

        Args:
            commit: of its first events.
            camera: ``site/camera``.
            at_ms: of the earliest of them.
            log_ms: log time up to which the stream has been read.
        """
        desk = self._desks[camera] = self._desk({}, {})
        site = self._sites.of(camera)
        for resolution in Resolution:  # a rule may ask for any of them
            from_ms = max(at_ms, log_ms - look_back_ms(resolution, site.kept.kept_ms(resolution)))
            desk.standing.judged[resolution] = window_at(resolution, from_ms, site.time_zone).start_ms
        self._write(commit, camera, desk)

    def look(
        self, states: Mapping[str, CameraState], log_ms: int, now_ms: int, timing: Timing
    ) -> tuple[Commit, list[Announcement]]:
        """Judges the windows that are over and have not been looked at; call it after a fold is committed.

        Args:
            states: of the partition's cameras.
            log_ms: log time up to which the stream has been read.
            now_ms: server time.
            timing: when things are over.

        Returns:
            What is to be committed, perhaps nothing, and the announcements in it.
        """
        refreshed = self._rulebook.refresh(states.keys(), now_ms)
        due = []
        for camera, state in states.items():
            desk = self._desks[camera]
            if refreshed or log_ms >= desk.next_ms:
                due += self._due(camera, desk, closed_to_ms(state, log_ms, timing), log_ms)
        seen = read_due(self._client, due) if due else {}
        commit = Commit(self._partition, [])
        told: list[Announcement] = []
        for camera in states if refreshed else seen:
            site, rules = self._sites.of(camera), self._rulebook.of(camera)
            desk = self._desks[camera]
            news: list[Announcement] = []
            if seen.get(camera):
                news += decide(
                    camera, desk.standing, rules.usable, seen[camera], site.k, site.time_zone, now_ms
                )
            news += dismiss(camera, desk.standing, rules.names, now_ms)
            self._write(commit, camera, desk)
            for announcement in news:
                self._post(commit, announcement)
            told += news
        return commit, told

    def _due(self, camera: str, desk: _Desk, closed_ms: int, log_ms: int) -> list[Due]:
        """Windows that are over; notes in the desk when to look for others."""
        rules = self._rulebook.of(camera)
        site = self._sites.of(camera)
        time_zone = site.time_zone
        judged = desk.standing.judged
        watched = self._watched(rules)
        for resolution in judged.keys() - watched:
            del judged[resolution]  # who watches it again begins with what is new then
        due = []
        ends_ms = [log_ms + LOOK_BACK_MS]
        for resolution in watched:
            from_ms = judged.setdefault(resolution, window_at(resolution, log_ms, time_zone).start_ms)
            oldest_ms = log_ms - look_back_ms(resolution, site.kept.kept_ms(resolution))
            if max(from_ms, oldest_ms) >= closed_ms:
                ends_ms.append(window_at(resolution, from_ms, time_zone).end_ms)
                continue
            if from_ms < oldest_ms:
                metrics.PASSED_OVER.inc()
                log.warning("%s: windows of %s are too old to be told of, passed over", camera, resolution)
                from_ms = judged[resolution] = window_at(resolution, oldest_ms, time_zone).end_ms
            windows = windows_within(resolution, from_ms, closed_ms, time_zone)
            ends_ms.append(windows[0].end_ms if windows else window_at(resolution, from_ms, time_zone).end_ms)
            if windows:
                weeks = _weeks(rules) if resolution is Resolution.HOUR else 0
                due.append(due_windows(camera, windows, weeks, time_zone))
        desk.next_ms = min(ends_ms)
        return due

    def _watched(self, rules: CameraRules) -> list[Resolution]:
        watched = {rule.resolution for rule in rules.usable.values()} | set(self._telling.published[:1])
        return [resolution for resolution in Resolution if resolution in watched]

    def _post(self, commit: Commit, announcement: Announcement) -> None:
        payload = encode_announcement(announcement)
        if isinstance(announcement, Alert):
            name = topic(announcement.camera, Suffix.ALERTS)
            commit.keep_alert(announcement.camera, payload)
            if self._telling.webhook:
                commit.post(WEBHOOK, name, payload)
        else:
            name = topic(announcement.camera, Suffix.WINDOWS)
        commit.post(MQTT, name, payload)

    def _write(self, commit: Commit, camera: str, desk: _Desk) -> None:
        outlet, alerts = desk.standing.outlet_fields(), desk.standing.alert_fields()
        commit.write_fields(keys.outlet(camera), *changes(desk.outlet, outlet))
        commit.write_fields(keys.alerts(camera), *changes(desk.alerts, alerts))
        desk.outlet, desk.alerts = outlet, alerts

    def _desk(self, outlet: dict[bytes, bytes], alerts: dict[bytes, bytes]) -> _Desk:
        standing = Standing.load(self._telling.published, outlet, alerts)
        return _Desk(standing, _named(outlet), _named(alerts))


def _named(fields: dict[bytes, bytes]) -> Fields:
    return {name.decode(): value for name, value in fields.items()}


def _weeks(rules: CameraRules) -> int:
    return max((rule.weeks for rule in rules.usable.values() if isinstance(rule, DeviationRule)), default=0)
