"""A connection to the broker, and how it fails: in one line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from paho.mqtt.reasoncodes import ReasonCode

from runtime.errors import (
    BrokerRefused,
    BrokerUnavailable,
)
from runtime.mqtt import Handlers, Session, Will, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.mqtt import tapped
from tests.support.services import Mosquitto, RedisServer, eventually, free_port


def mqtt_settings(broker: Mosquitto, **others: object) -> MqttSettings:
    return MqttSettings(host=broker.host, port=broker.port, **others)  # type: ignore[arg-type]


def test_no_broker_is_one_clear_error() -> None:
    port = free_port()
    with pytest.raises(BrokerUnavailable, match=f"no broker at 127.0.0.1:{port}: connection refused"):
        open_mqtt(MqttSettings(host="127.0.0.1", port=port), Session("x"))


@pytest.mark.parametrize("host", ["broker..example", "a" * 64])
def test_a_name_that_no_host_can_have_is_one_clear_error(host: str) -> None:
    with pytest.raises(BrokerUnavailable, match=f"no broker at {host}:1883: "):
        open_mqtt(MqttSettings(host=host), Session("x"))


def test_a_server_that_is_no_broker_is_one_clear_error(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.mqtt.CONNECT_TIMEOUT_S", 0.5)
    with pytest.raises(BrokerUnavailable, match="did not answer"):
        open_mqtt(MqttSettings(host="127.0.0.1", port=redis_server.port), Session("x"))


def test_tls_to_a_plain_port_is_one_clear_error(mosquitto: Mosquitto) -> None:
    with pytest.raises(BrokerUnavailable):
        open_mqtt(mqtt_settings(mosquitto, tls=True), Session("x"))


def test_a_certificate_file_that_holds_none_is_one_clear_error(mosquitto: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")
    with pytest.raises(BrokerRefused, match="cannot use the TLS files"):
        open_mqtt(mqtt_settings(mosquitto, tls=True, ca_file=tmp_path / "ca.crt"), Session("x"))


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def encrypted(authority: trustme.CA, tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that speaks TLS only, with a certificate of ``authority`` for 127.0.0.1."""
    broker = Mosquitto(tmp_path / "encrypted")
    certificate = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "server.pem", tmp_path / "server.key"
    certificate.cert_chain_pems[0].write_to_path(chain)
    certificate.private_key_pem.write_to_path(key)
    with broker.settings.open("a") as settings:
        settings.write(f"certfile {chain}\nkeyfile {key}\n")
    yield broker.start()
    broker.stop()


def test_a_broker_is_trusted_by_its_authority(
    encrypted: Mosquitto, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    settings = mqtt_settings(encrypted, tls=True, ca_file=tmp_path / "ca.pem")
    close_mqtt(open_mqtt(settings, Session("x")))


def test_a_goodbye_bears_a_network_thread_that_has_just_ended(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_mqtt(MqttSettings(host=mosquitto.host, port=mosquitto.port), Session("x"))
    stop_loop = client.loop_stop

    def lose_the_race() -> None:  # as paho does: its reference to the thread is None by the time it is used
        stop_loop()
        client._thread.join()  # type: ignore[union-attr]

    monkeypatch.setattr(client, "loop_stop", lose_the_race)
    close_mqtt(client)
    assert not client.is_connected()


def test_a_broker_of_an_unknown_authority_is_one_clear_error(encrypted: Mosquitto, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    settings = mqtt_settings(encrypted, tls=True, ca_file=tmp_path / "other.pem")
    with pytest.raises(BrokerUnavailable, match="TLS failed: unable to get local issuer certificate"):
        open_mqtt(settings, Session("x"))


def test_a_broker_under_another_name_is_one_clear_error(
    encrypted: Mosquitto, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    settings = MqttSettings(host="localhost", port=encrypted.port, tls=True, ca_file=tmp_path / "ca.pem")
    with pytest.raises(BrokerUnavailable, match="TLS failed: Hostname mismatch"):
        open_mqtt(settings, Session("x"))


def test_a_wrong_password_is_one_clear_error(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    broker.settings.write_text(
        broker.settings.read_text().replace("allow_anonymous true", "allow_anonymous false")
    )
    broker.start()
    try:
        with pytest.raises(BrokerRefused, match="refused the connection: Not authorized"):
            open_mqtt(mqtt_settings(broker, username="camera", password="wrong"), Session("x"))  # noqa: S106
    finally:
        broker.stop()


def test_a_lost_connection_is_told_once_and_speaks_the_last_will(mosquitto: Mosquitto) -> None:
    ended: list[ReasonCode] = []
    with tapped(mosquitto, "status") as spoken:
        session = Session("camera", will=Will("status", b"offline"))
        client = open_mqtt(mqtt_settings(mosquitto), session, Handlers(disconnected=ended.append))
        usurper = open_mqtt(mqtt_settings(mosquitto), Session("camera"))
        eventually(lambda: ended, what="the disconnection")
        eventually(lambda: spoken == [b"offline"], what="the last will")
        close_mqtt(usurper)
        client.loop_stop()
    assert len(ended) == 1
