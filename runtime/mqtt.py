"""One connection to the broker: MQTT 5, optionally TLS.

A connection is opened, used, and when it breaks it is over: the caller opens another. (Reconnecting inside
the client would resend what the caller has given up, and fight over a client id that is no longer ours.)
"""

import ssl
import threading
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from runtime.errors import BrokerRefused, BrokerUnavailable, reason_of
from runtime.settings import MqttSettings

CONNECT_TIMEOUT_S = 10.0
INFLIGHT_MAX = 1000


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes for us when the connection breaks without a goodbye (QoS 1, retained)."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Session:
    """How the broker treats a client id.

    Attributes:
        client_id: unique at the broker; a second client with it ends the first one's connection.
        clean_start: forget what the broker kept for this id.
        expiry_s: how long the broker keeps the session after the connection ends.
        receive_maximum: un-acknowledged QoS 1 messages the broker may have under way to us.
        manual_ack: a message is acknowledged by ``client.ack``, not on arrival.
        will: Last Will.
    """

    client_id: str
    clean_start: bool = True
    expiry_s: int = 0
    receive_maximum: int = 100
    manual_ack: bool = False
    will: Will | None = None


@dataclass(frozen=True, slots=True)
class Handlers:
    """What is called, on the connection's own thread.

    Attributes:
        message: for each arriving message.
        acknowledged: packet id and reason, for each message the broker took or refused.
        subscribed: packet id and reasons, for each answer to a subscription.
        unsubscribed: for each answer to the end of a subscription.
        disconnected: reason, once, when the connection ends for whatever cause.
    """

    message: Callable[[paho.MQTTMessage], None] = lambda _message: None
    acknowledged: Callable[[int, ReasonCode], None] = lambda _mid, _reason: None
    subscribed: Callable[[int, list[ReasonCode]], None] = lambda _mid, _reasons: None
    unsubscribed: Callable[[], None] = lambda: None
    disconnected: Callable[[ReasonCode], None] = lambda _reason: None


def open_mqtt(settings: MqttSettings, session: Session, handlers: Handlers | None = None) -> paho.Client:
    """A connected client with its network thread running.

    Raises:
        BrokerUnavailable: no answer at the address, or no trusted certificate.
        BrokerRefused: the broker rejected the connection.
    """
    handlers = handlers or Handlers()
    client = _client(settings, session)
    answered = threading.Event()
    answers: list[ReasonCode] = []

    def on_connect(
        _client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        answers.append(reason)
        answered.set()

    def on_disconnect(
        _client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        answered.set()
        if answers and not answers[0].is_failure and not ended.is_set():
            ended.set()  # paho may call twice: for the broker's goodbye, and for the closed socket
            handlers.disconnected(reason)

    ended = threading.Event()
    client.on_connect = on_connect
    client.on_disconnect = on_disconnect
    client.on_message = lambda _client, _data, message: handlers.message(message)
    client.on_subscribe = lambda _client, _data, mid, reasons, _properties: handlers.subscribed(mid, reasons)
    client.on_unsubscribe = lambda _client, _data, _mid, _reasons, _properties: handlers.unsubscribed()
    client.on_publish = lambda _client, _data, mid, reason, _properties: handlers.acknowledged(mid, reason)

    where = f"{settings.host}:{settings.port}"
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = session.expiry_s
    properties.ReceiveMaximum = session.receive_maximum
    try:
        client.connect(
            settings.host,
            settings.port,
            settings.keepalive_s,
            clean_start=session.clean_start,
            properties=properties,
        )
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason or error
        raise BrokerUnavailable(f"broker {where}: TLS failed: {why}") from None
    except OSError as error:
        raise BrokerUnavailable(f"no broker at {where}: {reason_of(error)}") from None
    except ValueError as error:  # an empty name, or one that no host can have
        raise BrokerUnavailable(f"no broker at {where}: {error}") from None
    client.loop_start()
    if not answered.wait(CONNECT_TIMEOUT_S) or not answers:
        _end_network_thread(client)
        raise BrokerUnavailable(f"broker {where} did not answer the connection request")
    if answers[0].is_failure:
        _end_network_thread(client)
        raise BrokerRefused(f"broker {where} refused the connection: {answers[0]}")
    return client


def close_mqtt(client: paho.Client, *, session_expiry_s: int | None = None) -> None:
    """Says goodbye (so no Last Will) and ends the network thread.

    Args:
        client: from ``open_mqtt``.
        session_expiry_s: replaces the session's expiry; 0 makes the broker forget it now.
    """
    properties = None
    if session_expiry_s is not None:
        properties = Properties(PacketTypes.DISCONNECT)
        properties.SessionExpiryInterval = session_expiry_s
    client.disconnect(properties=properties)
    _end_network_thread(client)


def _end_network_thread(client: paho.Client) -> None:
    # paho asks whether there is a thread, and then for it to end; one that ends by itself in between is gone
    with suppress(AttributeError):
        client.loop_stop()


def _client(settings: MqttSettings, session: Session) -> paho.Client:
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=session.client_id,
        protocol=paho.MQTTv5,
        reconnect_on_failure=False,
        manual_ack=session.manual_ack,
    )
    client.max_inflight_messages_set(INFLIGHT_MAX)
    if settings.username:
        client.username_pw_set(settings.username, settings.password.get_secret_value())
    if settings.tls:
        ca, cert, key = (
            str(file) if file else None for file in (settings.ca_file, settings.cert_file, settings.key_file)
        )
        try:
            if settings.ca:
                context = ssl.create_default_context(cadata=b64decode(settings.ca))
                if cert:
                    context.load_cert_chain(cert, key)
                client.tls_set_context(context)
            else:
                client.tls_set(ca_certs=ca, certfile=cert, keyfile=key)
        except (OSError, ssl.SSLError) as error:
            raise BrokerRefused(f"cannot use the TLS files given: {error}") from None
    if session.will:
        client.will_set(session.will.topic, session.will.payload, qos=1, retain=True)
    return client
