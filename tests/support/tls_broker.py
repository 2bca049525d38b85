"""A Mosquitto that the outside reaches with TLS alone, and servers of this machine without."""

import subprocess
from pathlib import Path
from typing import Self

import trustme

from runtime.settings import MqttSettings
from tests.support.services import MOSQUITTO_SETTINGS, Mosquitto, accepts, eventually, executable, free_port


class TlsMosquitto(Mosquitto):
    """A broker with a second listener, of TLS; its certificate is of localhost.

    Args:
        folder: of its store.
        users: who comes in by password: name → password.
        acl: what those may who come in by certificate, in Mosquitto's lines; users are certificates' names.

    Attributes:
        tls_port: of that listener.
        ca: certificate of the authority (PEM).
    """

    def __init__(self, folder: Path, users: dict[str, str] | None = None, acl: str | None = None) -> None:
        self._authority = trustme.CA()
        self.ca = self._authority.cert_pem.bytes()
        self.tls_port = free_port()
        self.secrets = folder.parent / f"{folder.name}-secrets"
        self.secrets.mkdir(parents=True)
        self._authority.cert_pem.write_to_path(self.secrets / "rootCA.pem")
        self._issue("server", self._authority.issue_cert("localhost"))
        lines = [
            f"listener {self.tls_port} 127.0.0.1",
            f"certfile {self.secrets}/server.crt",
            f"keyfile {self.secrets}/server.key",
            "allow_anonymous false",
        ]
        if users:
            lines.append(f"password_file {self._password_file(users)}")
        if acl is not None:
            (self.secrets / "acl").write_text(acl)
            lines += [
                f"cafile {self.secrets}/rootCA.pem",
                "require_certificate true",
                "use_identity_as_username true",
                f"acl_file {self.secrets}/acl",
            ]
        text = "\n".join(["per_listener_settings true", MOSQUITTO_SETTINGS, *lines, ""])
        super().__init__(folder, text)

    def start(self) -> Self:
        super().start()
        eventually(lambda: accepts(self.tls_port), what="mosquitto's second listener")
        return self

    def client_certificate(self, name: str) -> MqttSettings:
        """How whoever has a certificate of this name comes in; the files lie in ``secrets``."""
        self._issue(name, self._authority.issue_cert(f"{name.replace('_', '-')}.example", common_name=name))
        return MqttSettings(
            host="localhost",
            port=self.tls_port,
            tls=True,
            ca_file=self.secrets / "rootCA.pem",
            cert_file=self.secrets / f"{name}.crt",
            key_file=self.secrets / f"{name}.key",
        )

    def _issue(self, name: str, certificate: trustme.LeafCert) -> None:
        certificate.cert_chain_pems[0].write_to_path(self.secrets / f"{name}.crt")
        certificate.private_key_pem.write_to_path(self.secrets / f"{name}.key")

    def _password_file(self, users: dict[str, str]) -> Path:
        file = self.secrets / "passwords"
        file.touch()
        for user, password in users.items():
            command = [executable("mosquitto_passwd"), "-b", str(file), user, password]
            subprocess.run(command, check=True, capture_output=True)
        return file
