"""The certificate that the dashboard is served with."""

from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from dashboard.tls import check_certificate
from runtime.errors import SettingsError


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return issue(tmp_path, "one")


def issue(folder: Path, name: str) -> tuple[Path, Path]:
    certificate = trustme.CA().issue_cert("dashboard.example")
    cert_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.cert_chain_pems[0].write_to_path(cert_file)
    certificate.private_key_pem.write_to_path(key_file)
    return cert_file, key_file


def test_a_certificate_and_its_key_are_taken(pair: tuple[Path, Path]) -> None:
    assert check_certificate(*pair)
    assert not check_certificate(None, None)


def test_half_a_pair_is_refused(pair: tuple[Path, Path]) -> None:
    for half in ((pair[0], None), (None, pair[1])):
        with pytest.raises(SettingsError, match="both a certificate and its private key"):
            check_certificate(*half)


def test_what_cannot_be_used_is_named(pair: tuple[Path, Path], tmp_path: Path) -> None:
    cert_file, key_file = pair
    with pytest.raises(SettingsError, match="absent: no such file"):
        check_certificate(cert_file, tmp_path / "absent")
    _, key_of_another = issue(tmp_path, "two")
    with pytest.raises(
        SettingsError, match=r"one\.pem and .*two\.key are no certificate and its private key"
    ):
        check_certificate(cert_file, key_of_another)
    key = load_pem_private_key(key_file.read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    key_file.write_bytes(locked)
    with pytest.raises(SettingsError, match="without a password"):
        check_certificate(cert_file, key_file)
