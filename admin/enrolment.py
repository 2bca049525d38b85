"""What a camera needs to come in, and the lines that start it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from admin.vault import one_line
from contract.topics import is_camera_name
from runtime.settings import PREFIX

ENV_FILE: Final = "camera.env"
CA_FILE: Final = "ca.crt"
PRODUCER_IMAGE: Final = "moodlens-producer"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A camera's way in.

    Attributes:
        camera: ``site/camera``; also its user's name.
        password: its user's.
        server, port: the broker, as the camera reaches it.
        ca_der: the certificate of the broker's authority.
    """

    camera: str
    password: str
    server: str
    port: int
    ca_der: bytes

    @property
    def variables(self) -> Mapping[str, str]:
        """The producer's settings; no value needs quotes, in a shell's files or in Docker's."""
        return {
            f"{PREFIX}PRODUCER_CAMERA": self.camera,
            f"{PREFIX}MQTT_HOST": self.server,
            f"{PREFIX}MQTT_PORT": str(self.port),
            f"{PREFIX}MQTT_TLS": "true",
            f"{PREFIX}MQTT_CA": one_line(self.ca_der),
            f"{PREFIX}MQTT_USERNAME": self.camera,
            f"{PREFIX}MQTT_PASSWORD": self.password,
        }

    @property
    def env_file(self) -> str:
        """The variables, a line each."""
        return "".join(f"{name}={value}\n" for name, value in self.variables.items())

    def instructions(self, folder: Path | None, ca_file: Path) -> str:
        """What a person is told.

        Args:
            folder: where the files were written; None: nowhere.
            ca_file: where the authority's certificate lies on this server.
        """
        env_file = (folder / ENV_FILE).as_posix() if folder else ENV_FILE
        ca = folder / CA_FILE if folder else ca_file
        where = (
            f"{env_file} holds all a camera needs, its password too: take it there by a safe way."
            if folder
            else f"It is shown only now. Save these lines at the camera as {ENV_FILE}, for its owner alone:"
        )
        return "\n".join(
            [
                f"{self.camera} may come in.",
                f"  user      {self.camera}",
                f"  password  {'in ' + env_file if folder else self.password}",
                f"  broker    {self.server}:{self.port} (TLS), authority {ca.as_posix()}",
                where,
                *([] if folder else ["", self.env_file]),
                "Start it, on any system:",
                f'  python -m producer --env-file "{env_file}" --source 0',
                "or as a container (a webcam: --device /dev/video0 --group-add video … --source 0):",
                f'  docker run --env-file "{env_file}" {PRODUCER_IMAGE} --source rtsp://…',
            ]
        )


def parse_camera(text: str) -> str:
    """A camera's name.

    Raises:
        ValueError: it is none.
    """
    if not is_camera_name(text):
        raise ValueError(f"{text!r} is not site/camera in lower case, such as shop-1/entrance")
    return text
