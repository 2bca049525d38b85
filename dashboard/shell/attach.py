"""The commands that start a camera, as they stand on pages."""


def start_command(camera: str, is_guarded: bool) -> str:
    """What starts a camera.

    Args:
        camera: name.
        is_guarded: whether it must have been let in, and has a file of its own.
    """
    who = f"--env-file {_file_of(camera)}" if is_guarded else f"--camera {camera}"
    return f"python -m producer {who} --source 0"


def attach_commands(camera: str, is_guarded: bool) -> str:
    """What lets a new camera in, where that has to be, and starts it; a line each."""
    start = start_command(camera, is_guarded)
    if not is_guarded:
        return start
    return f"docker compose run --rm -T admin enroll {camera} --env > {_file_of(camera)}\n{start}"


def _file_of(camera: str) -> str:
    return f"{camera.partition('/')[2]}.env"
