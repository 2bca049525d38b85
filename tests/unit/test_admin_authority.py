"""The private authority: what clients check of a certificate holds, and only for what it says."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from admin.authority import (
    CA_LASTS,
    SERVER_LASTS,
    Identity,
    load_certificate,
    make_authority,
    make_server,
    names_of,
    server_names,
    why_renew,
)

NOW = datetime.now(UTC).replace(microsecond=0)
NAMES = server_names("shop.example, 10.1.2.3")
AUTHORITY = make_authority(NOW)
SERVER = make_server(AUTHORITY, NAMES, NOW)


def shake_hands(folder: Path, server: Identity, authority: Identity, host: str) -> None:
    """A client that trusts ``authority`` and asks for ``host``, over memory.

    Raises:
        ssl.SSLCertVerificationError: as the client says.
    """
    (folder / "crt").write_bytes(server.certificate)
    (folder / "key").write_bytes(server.key)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(folder / "crt", folder / "key")
    asking = ssl.create_default_context(cadata=authority.certificate.decode())
    asking.verify_flags |= ssl.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(down, up, server_hostname=host)
    service = serving.wrap_bio(up, down, server_side=True)
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for side in (client, service):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                pass


@pytest.mark.parametrize(
    "host", ["shop.example", "10.1.2.3", "localhost", "127.0.0.1", "mosquitto", "moodlens"]
)
def test_a_client_trusts_the_server_under_each_of_its_names(tmp_path: Path, host: str) -> None:
    shake_hands(tmp_path, SERVER, AUTHORITY, host)


@pytest.mark.parametrize(
    ("server", "authority", "host", "why"),
    [
        (SERVER, AUTHORITY, "other.example", "Hostname mismatch"),
        (SERVER, AUTHORITY, "10.1.2.4", "IP address mismatch"),
        (
            SERVER,
            make_authority(NOW),
            "localhost",
            "unable to get local issuer|certificate signature failure",
        ),
        (make_server(AUTHORITY, NAMES, NOW - SERVER_LASTS), AUTHORITY, "localhost", "has expired"),
        (make_server(AUTHORITY, NAMES, NOW + timedelta(days=2)), AUTHORITY, "localhost", "not yet valid"),
    ],
    ids=["another name", "another address", "another authority", "expired", "too early"],
)
def test_a_client_turns_away_from_anything_else(
    tmp_path: Path, server: Identity, authority: Identity, host: str, why: str
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=why):
        shake_hands(tmp_path, server, authority, host)


def test_names_and_addresses_are_told_apart() -> None:
    found = load_certificate(SERVER.certificate).extensions
    names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["10.1.2.3", "127.0.0.1"]
    assert names.get_values_for_type(x509.DNSName) == ["shop.example", "localhost", "mosquitto", "moodlens"]
    assert names_of(load_certificate(SERVER.certificate)) == frozenset(NAMES)


def test_the_authority_signs_and_does_nothing_else_and_the_server_signs_nothing() -> None:
    ca, server = load_certificate(AUTHORITY.certificate), load_certificate(SERVER.certificate)
    assert ca.not_valid_after_utc == NOW + CA_LASTS
    usage = ca.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    basic = ca.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 0)
    assert not server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not server.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


@pytest.mark.parametrize(
    ("server", "names", "days", "why"),
    [
        (SERVER, NAMES, 366, ""),
        (SERVER, NAMES, 368, "it ends on"),
        (SERVER, NAMES[1:], 0, "its names are others"),
        (make_server(make_authority(NOW), NAMES, NOW), NAMES, 0, "another authority signed it"),
        (Identity(SERVER.certificate, AUTHORITY.key), NAMES, 0, "its key is another one"),
    ],
    ids=["good", "ends soon", "other names", "other authority", "other key"],
)
def test_a_certificate_is_made_anew_only_when_it_must(
    server: Identity, names: tuple[str, ...], days: int, why: str
) -> None:
    found = why_renew(server, AUTHORITY, names, NOW + timedelta(days=days))
    assert found.startswith(why) if why else found == ""


def test_no_server_outlives_its_authority() -> None:
    late = make_server(AUTHORITY, NAMES, NOW + CA_LASTS - timedelta(days=5))
    assert load_certificate(late.certificate).not_valid_after_utc == NOW + CA_LASTS
