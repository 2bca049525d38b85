"""The running broker's list of users, through Mosquitto's dynamic security plugin."""

import json
import queue
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import paho.mqtt.client as paho

from admin.broker_rights import CONTROL, Document, all_cameras
from admin.errors import ControlRefused
from contract.codec import Refused as Undecodable
from contract.codec import decode
from contract.events import CameraStatus
from contract.topics import Suffix, parse_topic, topic
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings

REQUESTS: Final = f"{CONTROL}/v1"
ANSWERS: Final = f"{REQUESTS}/response"
STATUSES: Final = all_cameras(Suffix.STATUS)
ANSWER_WITHIN_S: Final = 10.0
NOT_FOUND: Final = ("client not found", "role not found")


class Control:
    """Asks the broker, and waits for its answers; for ``control_of``."""

    def __init__(self, client: paho.Client, arrived: "queue.Queue[Document]", seen: dict[str, bool]) -> None:
        self._client = client
        self._arrived = arrived
        self.online = seen
        """Camera → whether it said last that it is online; those that have said nothing are missing."""

    def do(self, command: str, **values: Any) -> Document:
        """Has one command done; what the broker answers.

        Raises:
            ControlRefused: it does not, and says why.
        """
        answer = self._ask(command, values)
        if "error" in answer:
            raise ControlRefused(f"the broker refuses {command}: {answer['error'].lower()}")
        data: Document = answer.get("data", {})
        return data

    def try_to(self, command: str, **values: Any) -> bool:
        """As ``do``; False where the user or role that it is about does not exist.

        Raises:
            ControlRefused: it does not, for another reason.
        """
        try:
            self.do(command, **values)
        except ControlRefused as error:
            if str(error).endswith(NOT_FOUND):
                return False
            raise
        return True

    def client(self, username: str) -> Document | None:
        """A user, or None."""
        return self._found("getClient", "client", username=username)

    def clients(self) -> list[Document]:
        """All users, with their roles."""
        found: list[Document] = self.do("listClients", verbose=True)["clients"]
        return found

    def set_role(self, name: str, acls: Sequence[Document]) -> None:
        """Makes a role, or makes it anew."""
        exists = self._found("getRole", "role", rolename=name) is not None
        self.do("modifyRole" if exists else "createRole", rolename=name, acls=list(acls))

    def forget_status(self, camera: str) -> None:
        """Has the broker keep no more what ``site/camera`` said last: its Last Will went with its rights.

        Raises:
            ControlRefused: the broker went away.
        """
        sent = self._client.publish(topic(camera, Suffix.STATUS), b"", qos=1, retain=True)
        try:
            sent.wait_for_publish(ANSWER_WITHIN_S)
        except RuntimeError:  # paho's word for it
            raise ControlRefused(
                f"the broker went away and still keeps the last status of {camera}"
            ) from None
        self.online.pop(camera, None)

    def _found(self, command: str, part: str, **values: Any) -> Document | None:
        try:
            found: Document = self.do(command, **values)[part]
        except ControlRefused as error:
            if str(error).endswith(NOT_FOUND):
                return None
            raise
        return found

    def _ask(self, command: str, values: Document) -> Document:
        number = secrets.token_hex(8)
        request = {"commands": [{"command": command, "correlationData": number, **values}]}
        self._client.publish(REQUESTS, json.dumps(request), qos=1)
        while True:
            try:
                answer = self._arrived.get(timeout=ANSWER_WITHIN_S)
            except queue.Empty:
                raise ControlRefused(
                    "the broker does not answer: is this user its admin, and its plugin loaded?"
                ) from None
            if answer.get("correlationData") == number:
                return answer


@contextmanager
def control_of(mqtt: MqttSettings) -> Iterator[Control]:
    """The broker's list of users, open.

    Raises:
        BrokerUnavailable, BrokerRefused: there is no connection.
    """
    arrived: queue.Queue[Document] = queue.Queue()
    online: dict[str, bool] = {}

    def take(message: paho.MQTTMessage) -> None:
        if message.topic == ANSWERS:
            for answer in json.loads(message.payload).get("responses", []):
                arrived.put(answer)
            return
        known = parse_topic(message.topic)
        try:
            status = decode(bytes(message.payload), CameraStatus)
        except Undecodable:
            return
        if known and known[0] == status.camera:
            online[status.camera] = status.online

    client = open_mqtt(mqtt, Session(f"admin-{secrets.token_hex(4)}"), Handlers(message=take))
    try:
        client.subscribe(
            [(ANSWERS, 1), (STATUSES, 1)]
        )  # statuses lie before the first answer: they are retained
        yield Control(client, arrived, online)
    finally:
        close_mqtt(client)
