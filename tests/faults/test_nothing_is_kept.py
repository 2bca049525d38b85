"""Ten minutes of a whole system: nothing leaves a camera that nobody is to see, and no picture is kept.

The scripted store is drawn again for each message, so that it is known what was at every pixel.
``MOODLENS_KEPT_S`` makes it shorter.
"""

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from admin import vault as names
from admin.misfits import Misfit
from admin.retained import Retained
from admin.survey import survey
from admin.traces import look_through_folder, look_through_log
from runtime.settings import MqttSettings
from tests.support.events import utc_ms
from tests.support.examination import Examination
from tests.support.onlooker import kept_for_newcomers, let_in, looking_on
from tests.support.remains import Stored, files_of, stored_by_broker
from tests.support.secured import SecuredServer
from tests.support.services import Process, accepts, eventually, free_port, program, running
from tests.support.shop_floor import OUTLINES, POSTER_S, Shown, story, zones_file

log = logging.getLogger(__name__)

FOR_S = float(os.environ.get("MOODLENS_KEPT_S", "600"))
DEAD_S = min(100.0, FOR_S / 5)
KEPT_MAX_S = 90.0
LOOK_EVERY_S = 2.0
START_S = 240.0
"""The machine may be busy with other tests."""

FPS = 4
WORKERS = 2
TO_BE_FOUND = {
    "crop: of a face in a staff or masked zone",
    "crop: pixels of a staff or masked zone",
    "crop: of the wearer of badge 7",
    "crop: of the poster",
    "preview: pixels of a staff or masked zone",
    "preview: the face of the wearer of badge 7",
    "preview: the face of the poster",
}


@dataclass
class Shop:
    """A server as ``admin setup`` makes it, and cameras.

    Args:
        folder: of everything; ``home`` and ``work`` are where programs would leave what they keep.
        shared: real clips and models.

    Attributes:
        server: broker and Redis.
        port: of the dashboard.
        examination: of all that cameras send.
        oldest_s: age of the oldest crop that was ever seen in the broker's store.
        looks_with_crops: how often there was one.
    """

    folder: Path
    shared: Path
    server: SecuredServer = field(init=False)
    port: int = field(init=False)
    examination: Examination = field(init=False)
    oldest_s: float = 0.0
    looks_with_crops: int = 0

    def __post_init__(self) -> None:
        for name in ("home", "work", "logs", "truth", "cameras"):
            (self.folder / name).mkdir()
        self.server = SecuredServer(self.folder)
        self.port = free_port()
        self.examination = Examination({name: Shown(self.folder / "truth", name) for name in OUTLINES})

    def program(self, module: str, arguments: list[str], log_name: str, **environment: str) -> Process:
        home = str(self.folder / "home")
        own = {"HOME": home, "TMPDIR": home, "MOODLENS_LOG_LEVEL": "DEBUG"}
        return program(module, arguments, self.folder / "logs" / f"{log_name}.log", {**own, **environment})

    def camera(self, name: str, *, hides: bool) -> Process:
        """A camera that shows itself; without ``hides`` it knows of nobody whom it must leave out."""
        place = self.folder / "cameras" / name.replace("/", "-")
        place.with_suffix(".story").write_text(story())
        place.with_suffix(".zones").write_text(zones_file(name))
        own = {
            "MOODLENS_STORE_STORY": str(place.with_suffix(".story")),
            "MOODLENS_STORE_TRUTH": str(self.folder / "truth"),
            "MOODLENS_PRODUCER_YUNET_FILE": str(self.shared / "models/face_detection_yunet_2023mar.onnx"),
            "MOODLENS_PRODUCER_POSTER_S": str(POSTER_S if hides else 3600),
            "MOODLENS_PRODUCER_STAFF_BADGES": str(hides),
        }
        given = ["--source", f"store:{name}", "--preview", "--fps", str(FPS)]
        zones = ["--zones", str(place.with_suffix(".zones"))] if hides else []
        way = self.server.enroll(name).variables
        return self.program("producer", [*given, *zones], name.replace("/", "-"), **own, **way)

    def services(self) -> tuple[list[Process], Process, Process]:
        """Workers, aggregator, dashboard."""
        of = self.server.of
        workers = [
            self.program("classifier_worker", [], f"worker-{number}", **of(names.WORKER))
            for number in range(WORKERS)
        ]
        aggregator = self.program("aggregator", [], "aggregator", **of(names.AGGREGATOR))
        dashboard = self.program("dashboard", ["--port", str(self.port)], "dashboard", **of(names.DASHBOARD))
        return workers, aggregator, dashboard

    def goes_on(self, for_s: float) -> None:
        """Lets the shop be for a while, and looks into the broker's store; the first fault fails the test."""
        until_s = time.monotonic() + for_s

        def look() -> bool:
            self.look_into_the_store()
            assert not self.examination.faults, self.examination
            return time.monotonic() >= until_s

        eventually(look, for_s + 60, every_s=LOOK_EVERY_S)

    def look_into_the_store(self) -> Stored:
        kept = stored_by_broker(self.folder / "broker")
        assert not kept.jpegs, "a preview lies in the broker's store"
        assert bool(kept.crops) == bool(kept.taken_ms), "a crop of which it is not known how old it is"
        if kept.taken_ms:
            self.looks_with_crops += 1
            age_s = (utc_ms() - min(kept.taken_ms)) / 1000
            self.oldest_s = max(self.oldest_s, age_s)
            assert age_s <= KEPT_MAX_S, f"a crop in the store is {age_s:.1f} s old"
        return kept

    def misfits(self, onlooker: MqttSettings) -> list[Misfit]:
        """What ``admin data-map`` finds in Redis, at the broker, in all logs and folders of programs."""
        with self.server.redis_of(names.ADMIN) as client:
            found = survey(client, utc_ms()).misfits
        found += Retained(kept_for_newcomers(onlooker), hidden=0).misfits
        for file in (*(self.folder / "logs").iterdir(), self.folder / "broker.log"):
            with file.open("rb") as text:
                found += look_through_log(text, file.name).misfits
        for name in ("home", "work", "redis", "broker"):
            found += look_through_folder(self.folder / name).misfits
        return found


@pytest.fixture
def shop(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    shop = Shop(tmp_path, shared)
    monkeypatch.chdir(tmp_path / "work")  # of all programs
    try:
        shop.server.start()
        yield shop
    finally:
        shop.server.stop()


@contextmanager
def dead(workers: list[Process]) -> Iterator[None]:
    """All workers are killed, and others take their places when the context ends."""
    for worker in workers:
        worker.kill()
    yield
    for worker in workers:
        worker.start()


def summary(camera: Process) -> dict[str, int]:
    """What a camera says at its end."""
    told: dict[str, int] = json.loads(next(line for line in camera.output.splitlines() if line[:1] == "{"))
    return told


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_nothing_that_nobody_is_to_see_leaves_a_camera_and_no_picture_is_kept(shop: Shop) -> None:
    workers, aggregator, dashboard = shop.services()
    cameras = {name: shop.camera(name, hides=True) for name in OUTLINES}
    before = files_of(shop.folder / "home", shop.folder / "work")
    seen = shop.examination
    with running(*workers, aggregator, dashboard):
        for worker in workers:
            eventually(lambda worker=worker: "takes messages" in worker.output, START_S, "a worker")  # type: ignore[misc]
        eventually(lambda: accepts(shop.port), START_S, "the dashboard")
        onlooker = let_in(shop.server)
        with looking_on(onlooker, seen):
            with running(*cameras.values()):
                alive_s = (FOR_S - 2 * DEAD_S) / 3
                for _ in range(2):
                    shop.goes_on(alive_s)
                    with dead(workers):
                        shop.goes_on(DEAD_S)
                shop.goes_on(alive_s)
            said = {name: summary(camera) for name, camera in cameras.items()}
        eventually(lambda: not shop.look_into_the_store().crops, 60, "the store to be empty", LOOK_EVERY_S)
        misfits = shop.misfits(onlooker)
    log.info("%s\n%s\nfound by the data map: %s", seen, said, misfits)
    log.info("oldest crop in the store: %.1f s, in %d looks", shop.oldest_s, shop.looks_with_crops)

    assert not seen.faults, seen
    assert misfits == []
    assert files_of(shop.folder / "home", shop.folder / "work") == before
    for name, camera in said.items():
        assert shop.server.frames(name) > 0, "nothing was counted"
        assert len(seen.frames[name]) == camera["frames_published"] - camera["dropped"]
    assert shop.looks_with_crops, "no crop was ever in the store: nothing was tested there"
    for what in (
        "crops with part of a hidden zone",
        "previews with the poster",
        "previews with the wearer of badge 7",
    ):
        assert seen.counts[what] > FOR_S / 20, seen


@pytest.mark.long
def test_the_examination_finds_what_cameras_show_that_leave_nobody_out(shop: Shop) -> None:
    cameras = [shop.camera(name, hides=False) for name in OUTLINES]
    seen = shop.examination
    with looking_on(let_in(shop.server), seen), running(*cameras):
        eventually(lambda: set(seen.faults) >= TO_BE_FOUND, 200, f"more than {seen.faults}", LOOK_EVERY_S)
    assert set(seen.faults) == TO_BE_FOUND
