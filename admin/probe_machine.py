"""Looks at certificates, in files and as the broker serves them, and at the disk."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography import x509

from admin.authority import load_certificate, names_of, server_names
from admin.facts import CertificateFacts, DiskFacts, Unknown
from admin.settings import AdminSettings
from admin.vault import BROKER_CERTIFICATE, CA_CERTIFICATE, DASHBOARD
from runtime.errors import reason_of

TIMEOUT_S: Final = 3.0

_FILES: Final = (
    (CA_CERTIFICATE, "the authority's"),
    (BROKER_CERTIFICATE, "the broker's"),
    (f"{DASHBOARD}/server.crt", "the dashboard's"),
)


def probe_certificates(
    settings: AdminSettings, host: str, port: int
) -> tuple[CertificateFacts | Unknown, ...]:
    """The certificates in the folder of secrets, as far as they may be read here, and the broker's.

    Args:
        settings: where the folder is, and what the server is called.
        host: of the broker.
        port: where it speaks TLS.
    """
    folder = settings.secrets_dir
    if not folder.is_dir():
        return (Unknown(f"there is no folder {folder} of certificates (MOODLENS_ADMIN_SECRETS_DIR)"),)
    served = _served(host, port)
    return tuple(_of_files(folder, settings, served))


def _of_files(
    folder: Path, settings: AdminSettings, served: bytes | Unknown
) -> Iterator[CertificateFacts | Unknown]:
    try:
        wanted = server_names(settings.server_names)
    except ValueError as error:
        yield Unknown(str(error))
        return
    for name, whose in _FILES:
        path = folder / name
        is_brokers, is_authority = name == BROKER_CERTIFICATE, name == CA_CERTIFICATE
        if not path.parent.is_dir():
            continue  # another service's, which is not to be seen here
        try:
            certificate = load_certificate(path.read_bytes())
        except (OSError, ValueError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else "it holds no certificate"
            yield Unknown(f"{whose} ({path}) cannot be read: {reason}")
            continue
        yield CertificateFacts(
            whose,
            round(certificate.not_valid_after_utc.timestamp() * 1000),
            () if is_authority else _missing(certificate, wanted),
            is_authority,
            _is_same(certificate, served) if is_brokers else None,
        )
        if is_brokers and isinstance(served, Unknown):
            yield served


def _missing(certificate: x509.Certificate, wanted: tuple[str, ...]) -> tuple[str, ...]:
    try:
        named = names_of(certificate)
    except x509.ExtensionNotFound:
        named = frozenset()
    return tuple(name for name in wanted if name not in named)


def _is_same(certificate: x509.Certificate, served: bytes | Unknown) -> bool | None:
    if isinstance(served, Unknown):
        return None
    return x509.load_der_x509_certificate(served) == certificate


def _served(host: str, port: int) -> bytes | Unknown:
    """The certificate (DER) that whoever connects is shown; whether it is good is judged elsewhere."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), TIMEOUT_S) as connection,
            context.wrap_socket(connection, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
    except OSError as error:
        return Unknown(f"the broker shows none at {host}:{port}: {reason_of(error)}")
    return shown or Unknown(f"the broker shows none at {host}:{port}")


def probe_disk(folder: Path) -> DiskFacts | Unknown:
    """The disk below a folder, or below the nearest one that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return Unknown(f"the disk below {folder} cannot be looked at: {reason_of(error)}")
    return DiskFacts(str(folder), usage.total, usage.free)
