"""What there are figures of: sites, their cameras, and these cameras' zones."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from contract import keys
from runtime.redis import Client


@dataclass(frozen=True, slots=True)
class Subjects:
    """Every camera and zone that has windows.

    Attributes:
        names: ``site/camera`` and ``site/camera@zone``, sorted.
    """

    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> "Subjects":
        """From names in any order."""
        return cls(tuple(sorted(names)))

    @property
    def cameras(self) -> tuple[str, ...]:
        """Every ``site/camera``, sorted."""
        return tuple(name for name in self.names if "@" not in name)

    def sites(self) -> tuple[str, ...]:
        """Names of sites, sorted."""
        return tuple(sorted({site_of(camera) for camera in self.cameras}))

    def of_site(self, site: str) -> tuple[str, ...]:
        """The cameras of a site."""
        return tuple(camera for camera in self.cameras if site_of(camera) == site)

    def zones(self, camera: str) -> tuple[str, ...]:
        """Names of the zones of ``site/camera``, sorted."""
        return tuple(name.partition("@")[2] for name in self.names if name.startswith(f"{camera}@"))

    def only(self, sites: Collection[str]) -> "Subjects":
        """Those of some sites."""
        return Subjects(tuple(name for name in self.names if site_of(name) in sites))


def site_of(subject: str) -> str:
    """The site's name in ``site/camera`` or ``site/camera@zone``."""
    return subject.partition("/")[0]


def camera_of(subject: str) -> str:
    """``site/camera`` of itself or of one of its zones."""
    return subject.partition("@")[0]


def read_subjects(client: Client) -> Subjects:
    """All that has windows; one round trip."""
    with client.pipeline(transaction=False) as pipe:
        for partition in range(keys.PARTITIONS):
            pipe.smembers(keys.subjects(partition))
        return Subjects.of({member.decode() for members in pipe.execute() for member in members})
