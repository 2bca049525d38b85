"""What SageMaker makes of a job's model folder: ``model.tar.gz``."""

import tarfile
import zlib
from pathlib import Path

from runtime.errors import reason_of
from training.errors import AwsError


def unpack(archive: Path, target: Path) -> None:
    """Unpack an archive into a folder, files within it alone.

    Args:
        archive: a .tar.gz file; whoever wrote it may be anybody.
        target: folder to write to; made if need be.

    Raises:
        AwsError: it is no such archive, or would write outside the folder, or the folder cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(target, filter="data")
    except tarfile.FilterError as error:
        raise AwsError(f"{archive} is refused: it would write outside {target} ({error})") from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise AwsError(f"{archive} is not a readable .tar.gz ({error})") from error
    except OSError as error:
        raise AwsError(f"{archive} cannot be unpacked to {target} ({reason_of(error)})") from error


def pack(folder: Path, archive: Path) -> None:
    """Pack what is in a folder, as SageMaker does after a job."""
    with tarfile.open(archive, "w:gz") as tar:
        for file in sorted(folder.iterdir()):
            tar.add(file, arcname=file.name)
