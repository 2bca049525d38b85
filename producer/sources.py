"""From what a person names to a source: webcam, stream, file, folder, or one of another package."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from producer.capture import open_stream, open_webcam
from producer.errors import SourceUnusable
from producer.frames import Clock, Source
from producer.live import LiveSource
from producer.playback import Playback
from producer.recording import ImageFolder, VideoFile
from runtime.errors import reason_of
from runtime.urls import without_secrets

PLUGINS: Final = "moodlens.sources"
"""Entry points of installed packages: ``KIND:REST`` is opened by ``load()(REST, fps, clock)`` of the one
called KIND, which raises a MoodLensError where it cannot; the scripted store of the demo is one."""


def open_source(
    given: str, fps: float, clock: Clock, *, loop: bool, timeout_s: float, frozen_s: float = 0.0
) -> Source:
    """The source that ``given`` names.

    Args:
        given: a number or device file (webcam), a URL, a folder of pictures, a video file, or ``KIND:REST``
            of a plugin.
        fps: frames wanted a second, at most.
        clock: time.
        loop: start again at the end of a file or folder.
        timeout_s: silence after which a stream is opened again.
        frozen_s: the same for the very same picture of a webcam or stream; 0: never.

    Raises:
        MoodLensError: a plugin cannot open its source.
        SourceUnusable: no such file or folder, or it holds nothing that can be read.
        SourceUnavailable: no such webcam, or it is busy.
    """
    if "://" in given:
        name = without_secrets(given)
        return LiveSource(name, lambda: open_stream(given, name, timeout_s), fps, clock, frozen_s=frozen_s)
    path = Path(given)
    try:
        is_device, is_folder, is_there = path.is_char_device(), path.is_dir(), path.exists()
    except OSError as error:
        raise SourceUnusable(f"cannot read {given}: {reason_of(error)}") from None
    if given.isdecimal() or is_device:
        camera: int | str = int(given) if given.isdecimal() else given
        return LiveSource(
            f"webcam {given}", lambda: open_webcam(camera), fps, clock, open_webcam(camera), frozen_s
        )
    if is_folder:
        return Playback(ImageFolder(path, fps), fps, clock, loop=loop)
    if not is_there:
        return _open_plugin(given, fps, clock)
    return Playback(VideoFile(path), fps, clock, loop=loop)


def _open_plugin(given: str, fps: float, clock: Clock) -> Source:
    kind, colon, rest = given.partition(":")
    if not colon:
        raise SourceUnusable(f"no such file, folder or webcam: {given}")
    plugins = entry_points(group=PLUGINS)
    if kind not in plugins.names:
        kinds = ", ".join(sorted(plugins.names))
        raise SourceUnusable(
            f"no such file, folder or webcam, nor a kind of source: {given} (kinds: {kinds})"
        )
    try:
        open_it = plugins[kind].load()
    except (ImportError, AttributeError) as error:
        raise SourceUnusable(f"{kind}: {plugins[kind].value} cannot be loaded: {error}") from None
    source: Source = open_it(rest, fps, clock)
    return source
