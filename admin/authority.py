"""A private authority and the certificates of this server. Time is a parameter; keys are ECDSA on P-256.

The authority's certificate has no name constraints: a server may get other names later, and its authority is
what every camera knows it by.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LASTS: Final = timedelta(days=3652)
SERVER_LASTS: Final = timedelta(days=397)
"""The longest that browsers take."""

RENEWED_BEFORE: Final = timedelta(days=30)
SKEW: Final = timedelta(hours=1)
"""A camera's clock may be behind by this much when it first comes."""

ALWAYS_NAMED: Final = ("localhost", "127.0.0.1", "mosquitto", "moodlens")
"""What this server is called on its own machine and among its containers."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


def make_authority(now: datetime) -> Identity:
    """A new authority, for ten years."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("MoodLens private authority")
    certificate = (
        _builder(name, name, key.public_key(), now, now + CA_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _identity(certificate, key)


def make_server(authority: Identity, names: tuple[str, ...], now: datetime) -> Identity:
    """A server's certificate under these names, with a key of its own.

    Args:
        authority: signs it.
        names: host names and addresses, as ``server_names`` gives them.
        now: UTC.
    """
    ca, ca_key = load_certificate(authority.certificate), _key(authority.key)
    key = ec.generate_private_key(ec.SECP256R1())
    ends = min(now + SERVER_LASTS, ca.not_valid_after_utc)
    certificate = (
        _builder(_name(names[0]), ca.subject, key.public_key(), now, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    return _identity(certificate, key)


def why_renew(server: Identity, authority: Identity, names: tuple[str, ...], now: datetime) -> str:
    """Why a server's certificate must be made anew; empty: it need not.

    Raises:
        ValueError: one of the files is no certificate or no key.
    """
    certificate, ca = load_certificate(server.certificate), load_certificate(authority.certificate)
    if _key(server.key).public_key() != certificate.public_key():
        return "its key is another one"
    try:
        certificate.verify_directly_issued_by(ca)
    except (InvalidSignature, ValueError, TypeError):
        return "another authority signed it"
    if names_of(certificate) != frozenset(names):
        return "its names are others"
    if certificate.not_valid_after_utc - now < RENEWED_BEFORE:
        return f"it ends on {certificate.not_valid_after_utc:%Y-%m-%d}"
    return ""


def server_names(text: str) -> tuple[str, ...]:
    """The names of a comma-separated list, and those that a server always has.

    Raises:
        ValueError: one of them is neither a host name nor an address.
    """
    given = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in given:
        _general_name(name)
    return tuple(dict.fromkeys([*given, *ALWAYS_NAMED]))


def names_of(certificate: x509.Certificate) -> frozenset[str]:
    """Host names and addresses that a certificate is good for."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return frozenset(
        [
            *found.get_values_for_type(x509.DNSName),
            *map(str, found.get_values_for_type(x509.IPAddress)),
        ]
    )


def load_certificate(pem: bytes) -> x509.Certificate:
    """The certificate in a PEM file.

    Raises:
        ValueError: there is none.
    """
    return x509.load_pem_x509_certificate(pem)


def der(pem: bytes) -> bytes:
    """A certificate without the paper around it."""
    return load_certificate(pem).public_bytes(serialization.Encoding.DER)


def _general_name(name: str) -> x509.GeneralName:
    """Clients look for addresses and for names in different places."""
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        if not all(letter.isalnum() or letter in "-._*" for letter in name) or not name.isascii():
            raise ValueError(f"{name!r} is neither a host name nor an address") from None
        return x509.DNSName(name)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(ends)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the key is of another kind")  # noqa: TRY004  # what callers are told of any bad file
    return key


def _identity(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Identity:
    return Identity(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
