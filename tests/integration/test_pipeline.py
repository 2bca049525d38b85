"""What a worker writes when Redis goes away between two of its steps."""

import threading
from collections.abc import Sequence

import redis.exceptions

from classifier_worker.intake import Intake
from classifier_worker.log import EmotionLog
from classifier_worker.pipeline import Pipeline
from classifier_worker.settings import SHIPPED_MODEL, WorkerSettings
from contract import keys
from contract.codec import Reason
from contract.events import FrameLoss
from contract.topics import Suffix, topic
from runtime.classifier import Classifier
from runtime.health import Health
from runtime.redis import Client
from runtime.settings import MqttSettings
from tests.support.events import CAMERA, utc_ms
from tests.support.mqtt import publisher
from tests.support.services import Mosquitto, eventually
from tests.support.stream import stream_events


class Interrupted(EmotionLog):
    """Redis is away once, when what was refused is noted."""

    away = True

    def reject(self, refusals: Sequence[tuple[str, Reason, str]]) -> None:
        if self.away:
            self.away = False
            raise redis.exceptions.ConnectionError("gone")
        super().reject(refusals)


def test_a_refused_frame_counts_once_also_where_noting_it_has_to_be_repeated(
    mosquitto: Mosquitto, any_redis: Client
) -> None:
    settings = MqttSettings(host=mosquitto.host, port=mosquitto.port)
    intake = Intake(settings, "worker-0", receive_maximum=1, persistent=False)
    pipeline = Pipeline(
        Classifier(SHIPPED_MODEL, "int8", threads=1, batch_faces=8),
        Interrupted(any_redis, 1000),
        WorkerSettings(),
        Health({"redis": 60.0}),
        utc_ms,
    )
    with publisher(mosquitto) as camera:
        camera.publish_raw(topic(CAMERA, Suffix.FACES), b"garbage")
        first = eventually(lambda: intake.take(0.1), what="the message")
    pipeline.process(first, intake, threading.Event(), lambda: True)
    intake.close(forget=True)
    (loss,) = stream_events(any_redis, keys.partition_of(CAMERA))
    assert isinstance(loss, FrameLoss)
    assert any_redis.hgetall(keys.REJECTED_COUNTS) == {b"malformed": b"1"}
