"""A secured server at work, and a camera that has told it what it saw: what a doctor would call well."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from paho.mqtt.client import Client as MqttClient
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from admin import vault as names
from admin.cameras import client_id
from admin.probe_cameras import probe_cameras
from contract.codec import encode
from contract.events import CROP_LIFETIME_S, SCHEMA, CameraReport, CameraStatus
from contract.topics import Suffix, topic
from contract.windows import GRAIN_MS
from dashboard.cameras.reports import clock_words
from dashboard.settings import DashboardSettings
from runtime.mqtt import Session, close_mqtt, open_mqtt
from tests.support.events import CAMERA, camera_report, frame_faces, utc_ms
from tests.support.secured import SecuredServer, as_camera
from tests.support.services import eventually, program, running

ACKNOWLEDGED_WITHIN_S = 60.0
SOME_MINUTES_MS: Final = 300_000
_TRIES: Final = 5


def well_watched(folder: Path) -> Iterator[SecuredServer]:
    """A server, a worker, an aggregator and ``CAMERA``, of which a face was classified in time.

    A machine that is busy with others may keep the worker waiting for so long that it sheds the face, or that
    the camera's clock seems to be behind: then all begins anew.
    """
    for number in range(_TRIES):
        with _watched(folder / str(number)) as server:
            if server.frames(CAMERA) == 1 and _clock(server) == "clock is right":
                yield server
                return
    raise AssertionError(f"in {_TRIES} tries, no worker came to a face in time")


@contextmanager
def _watched(folder: Path) -> Iterator[SecuredServer]:
    folder.mkdir()
    server = SecuredServer(folder)
    try:
        server.start()
        worker = program("classifier_worker", [], folder / "worker.log", server.of(names.WORKER))
        aggregator = program("aggregator", [], folder / "aggregator.log", server.of(names.AGGREGATOR))
        with running(worker, aggregator):
            eventually(lambda: "takes messages" in worker.output, what="the worker")
            client = open_mqtt(as_camera(server.enroll(CAMERA)), Session(client_id(CAMERA)))
            _tell(client)
            eventually(lambda: server.frames(CAMERA, with_shed=True) == 1, what="the frame")
            eventually(lambda: _clock(server), what="its report")
            yield server
            close_mqtt(client)
    finally:
        server.stop()


def _tell(client: MqttClient) -> None:
    """That it is there, what it saw, and that it looked some minutes ago and until now.

    As with a real camera, a report ends where a window does, and lies in the same one as its frames.
    """
    now_ms = utc_ms()
    grain_ms = now_ms // GRAIN_MS * GRAIN_MS
    status = CameraStatus(
        SCHEMA, CAMERA, online=True, version="1", detector="yunet", fps=5.0, since_ms=now_ms
    )
    frame = frame_faces(0, captured_at_ms=grain_ms - GRAIN_MS // 2)
    client.publish(topic(CAMERA, Suffix.STATUS), encode(status), qos=1, retain=True)
    client.publish(topic(CAMERA, Suffix.FACES), encode(frame), qos=1, properties=_expiring())
    _report(client, _looked(0, grain_ms - SOME_MINUTES_MS, grain_ms - SOME_MINUTES_MS + GRAIN_MS))
    _report(client, _looked(1, grain_ms - GRAIN_MS, grain_ms, published=1))
    _report(client, _looked(2, grain_ms, max(utc_ms(), grain_ms + 1)))


def _looked(seq: int, from_ms: int, to_ms: int, published: int = 0) -> CameraReport:
    return camera_report(seq, camera=CAMERA, from_ms=from_ms, to_ms=to_ms, published=published)


def _report(client: MqttClient, report: CameraReport) -> None:
    client.publish(topic(CAMERA, Suffix.REPORTS), encode(report), qos=1).wait_for_publish(
        ACKNOWLEDGED_WITHIN_S
    )


def _expiring() -> Properties:
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = CROP_LIFETIME_S
    return properties


def _clock(server: SecuredServer) -> str:
    """What is to be said of the camera's clock; '' before its report has come."""
    with server.redis_of(names.ADMIN) as client:
        return next(
            (
                clock_words(camera.heard, camera.refusal)
                for camera in probe_cameras(client, DashboardSettings(), utc_ms())
                if camera.name == CAMERA
            ),
            "",
        )
