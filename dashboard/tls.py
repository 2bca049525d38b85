"""The certificate that the dashboard is served with."""

import ssl
from pathlib import Path

from runtime.errors import SettingsError, reason_of


def check_certificate(cert_file: Path | None, key_file: Path | None) -> bool:
    """Whether there is one.

    Raises:
        SettingsError: one line that says why it cannot be used.
    """
    if not cert_file and not key_file:
        return False
    if not cert_file or not key_file:
        raise SettingsError("HTTPS needs both a certificate and its private key")
    for file in (cert_file, key_file):
        try:
            file.read_bytes()
        except OSError as error:
            raise SettingsError(f"{file}: {reason_of(error)}") from None
    try:
        # a password is never asked for: there may be nobody to give it
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert_file, key_file, password=lambda: "")
    except (ssl.SSLError, ValueError):
        raise SettingsError(
            f"{cert_file} and {key_file} are no certificate and its private key without a password (PEM)"
        ) from None
    return True
