import errno
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo import sources
from demo.errors import NoFolder, SourceMissing
from demo.folder import temporary_folder
from demo.options import Options
from demo.program import parse
from demo.story import load_story


def test_without_arguments_all_is_left_to_the_demo() -> None:
    assert parse([]) == Options()


def test_arguments_become_options() -> None:
    given = parse(["--source", "0", "--port", "8600", "--embedded", "--seconds", "2.5", "--verbose"])
    assert given == Options(source="0", port=8600, embedded=True, seconds=2.5, verbose=True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--port 0", "0 is no port: 1 to 65535"),
        ("--port 70000", "70000 is no port: 1 to 65535"),
        ("--seconds -1", "-1 is no number of seconds"),
        ("--seconds nan", "nan is no number of seconds"),
        ("--headless --port 1", "--port is for the dashboard, which --headless leaves out"),
        ("--source 0 --story seven", "--story plays before synthetic cameras, which --source leaves out"),
        ("--source 0 --history 7", "--history is the past of synthetic cameras, which --source leaves out"),
        ("--history never", "never is no number of days: 0 to 400"),
        ("--history 401", "401 is no number of days: 0 to 400"),
    ],
)
def test_wrong_arguments_are_refused_with_the_reason(
    arguments: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(arguments.split())
    assert says in capsys.readouterr().err


def test_a_file_is_played_again_and_again_and_a_webcam_or_url_is_not(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.touch()
    assert sources.asked_for(str(clip), preview=False).command[-1] == "--loop"
    assert sources.asked_for("0", preview=False).command[-2:] == ("--source", "0")
    assert sources.asked_for("rtsp://shop/1", preview=False).command[-2:] == ("--source", "rtsp://shop/1")


@pytest.mark.parametrize("source", ["0", "rtsp://shop/1", __file__])
def test_whatever_is_looked_at_is_previewed_where_there_is_a_page_for_it(source: str) -> None:
    assert "--preview" in sources.asked_for(source, preview=True).command
    assert "--preview" not in sources.asked_for(source, preview=False).command


def test_a_urls_password_is_not_shown() -> None:
    assert sources.asked_for("rtsp://me:secret@shop/1?token=t", preview=True).name == "rtsp://shop/1"


def test_a_story_has_a_producer_for_each_camera() -> None:
    cameras = sources.of_story(load_story())
    assert [camera.camera for camera in cameras][:1] == ["downtown/entrance"]
    assert len(cameras) == 4
    for camera in cameras:
        assert "--preview" not in camera.command
        assert camera.command[-6:] == (
            "--camera",
            camera.camera,
            "--source",
            f"store:{camera.camera}",
            "--fps",
            "10",
        )


def test_a_missing_file_is_said_before_anything_starts() -> None:
    with pytest.raises(SourceMissing, match=r"no such file, folder or webcam: nowhere\.mp4"):
        sources.asked_for("nowhere.mp4", preview=True)


def test_a_missing_file_ends_the_demo_with_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "demo", "--source", "nowhere.mp4"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 1
    assert ended.stderr == "demo: no such file, folder or webcam: nowhere.mp4\n"


def test_a_full_disk_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(NoFolder, match="no space left on device"), temporary_folder():
        pass


def test_the_temporary_folder_is_removed_whatever_happens() -> None:
    @contextmanager
    def filled() -> Iterator[Path]:
        with temporary_folder() as folder:
            (folder / "file").write_text("text")
            yield folder

    with pytest.raises(RuntimeError, match="an accident"), filled() as folder:
        raise RuntimeError("an accident")
    assert not folder.exists()
