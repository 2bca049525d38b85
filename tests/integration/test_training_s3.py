import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from tests.support.aws import Aws, Request, refuse_with, use_aws
from tests.support.services import eventually, free_port
from training.aws.cache import fetch
from training.aws.download import download, plan_download
from training.aws.location import S3Location
from training.aws.multipart import PART_BYTES
from training.aws.objects import find_objects
from training.cli import main

BUCKET = "faces"
QUIET = Console(quiet=True)
PARTS = 3
LARGE_BYTES = (PARTS - 1) * PART_BYTES + 1000


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    with use_aws(monkeypatch, tmp_path, BUCKET) as server:
        yield server


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "faces.zip"
    path.write_bytes(os.urandom(LARGE_BYTES))
    return path


def read_object(aws: Aws, key: str) -> bytes:
    content: bytes = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return content


def count_gets(aws: Aws) -> int:
    """GetObject requests (ListObjectsV2 is a GET, too)."""
    return sum(one.method == "GET" and one.path.count("/") > 1 for one in aws.requests)


def is_part(request: Request) -> bool:
    return request.method == "PUT" and "partNumber" in request.query


def kill_in_the_middle(aws: Aws, path: Path, parts: int) -> None:
    """Upload in a process of its own, which is killed when S3 has so many parts."""
    killed, lock = threading.Event(), threading.Lock()
    taken: list[Request] = []
    held: list[Request] = []

    def answer(request: Request) -> tuple[str, bytes] | None:
        with lock:
            if not is_part(request) or len(taken) < parts:
                taken.extend([request] if is_part(request) else [])
                return None
            held.append(request)
        killed.wait(300)
        return "503 Slow Down", b""

    aws.answer = answer
    command = [sys.executable, "-m", "training", "s3", "upload", str(path), f"s3://{BUCKET}/faces.zip"]
    process = subprocess.Popen(command, env={**os.environ, **aws.environment()})
    s3 = aws.client("s3")

    def has_parts() -> bool:
        uploads = s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ())
        names = [{"Key": one["Key"], "UploadId": one["UploadId"]} for one in uploads]
        return any(len(s3.list_parts(Bucket=BUCKET, **one).get("Parts", ())) == parts for one in names)

    try:
        eventually(has_parts, 120, f"{parts} parts on S3")
        # the others are under way: none of them can come after the kill
        eventually(lambda: len(held) == PARTS - parts, 120, "the other parts")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed.set()
    aws.answer = lambda _request: None
    aws.requests.clear()


def test_a_killed_upload_goes_on_with_the_parts_that_are_missing(aws: Aws, large: Path) -> None:
    kill_in_the_middle(aws, large, parts=1)
    assert main(["s3", "upload", str(large), f"s3://{BUCKET}/faces.zip"]) == 0
    assert sum(is_part(one) for one in aws.requests) == 2
    assert read_object(aws, "faces.zip") == large.read_bytes()
    assert "Uploads" not in aws.client("s3").list_multipart_uploads(Bucket=BUCKET)


def test_parts_of_another_file_are_given_up_and_all_are_sent(aws: Aws, large: Path) -> None:
    kill_in_the_middle(aws, large, parts=1)
    large.write_bytes(os.urandom(LARGE_BYTES))
    assert main(["s3", "upload", str(large), f"s3://{BUCKET}/faces.zip"]) == 0
    assert sum(is_part(one) for one in aws.requests) == 3
    assert read_object(aws, "faces.zip") == large.read_bytes()
    assert "Uploads" not in aws.client("s3").list_multipart_uploads(Bucket=BUCKET)


def test_what_is_on_s3_already_is_not_sent_again(aws: Aws, large: Path) -> None:
    for _ in range(2):
        assert main(["s3", "upload", str(large), f"s3://{BUCKET}/data/"]) == 0
    assert sum(is_part(one) for one in aws.requests) == 3
    assert read_object(aws, "data/faces.zip") == large.read_bytes()


def test_a_folder_keeps_its_names_and_only_what_changed_is_sent(aws: Aws, tmp_path: Path) -> None:
    model = tmp_path / "mood"
    (model / "more").mkdir(parents=True)
    for name in ("model.json", "more/model.int8.tflite", ".hidden"):
        (model / name).write_text(name)
    assert main(["s3", "upload", str(model), f"s3://{BUCKET}"]) == 0
    (model / "model.json").write_text("changed")
    aws.requests.clear()
    assert main(["s3", "upload", str(model), f"s3://{BUCKET}"]) == 0
    assert [one.path for one in aws.find("PUT")] == [f"/{BUCKET}/deeplens/mood/model.json"]
    listed = aws.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    keys = [entry["Key"] for entry in listed]
    assert keys == ["deeplens/mood/model.json", "deeplens/mood/more/model.int8.tflite"]
    assert read_object(aws, keys[0]) == b"changed"


def test_an_interrupted_download_goes_on_from_its_last_byte(aws: Aws, large: Path, tmp_path: Path) -> None:
    aws.put_object(BUCKET, "faces.zip", large.read_bytes())
    s3, target = aws.client("s3"), tmp_path / "got"
    _, objects = find_objects(s3, S3Location(BUCKET, "faces.zip"))
    done = 0

    def stop_in_the_middle(count: int) -> None:
        nonlocal done
        done += count
        if done > LARGE_BYTES / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(s3, plan_download(objects, target), stop_in_the_middle)
    aws.requests.clear()
    assert main(["s3", "download", f"s3://{BUCKET}/faces.zip", str(target)]) == 0
    (get,) = [one for one in aws.find("GET") if one.path.endswith("faces.zip")]
    assert get.headers["HTTP_RANGE"] == f"bytes={done}-"
    assert [path.name for path in target.glob("*.zip")] == ["faces.zip"]
    assert (target / "faces.zip").read_bytes() == large.read_bytes()


def test_what_did_not_arrive_as_s3_holds_it_is_thrown_away(
    aws: Aws, large: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.put_object(BUCKET, "faces.zip", large.read_bytes())
    _, (item,) = find_objects(aws.client("s3"), S3Location(BUCKET, "faces.zip"))
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / f".faces.zip.{item.etag}.part").write_bytes(b"damaged")
    command = ["s3", "download", f"s3://{BUCKET}/faces.zip", str(tmp_path / "got")]
    assert main(command) == 1
    assert "did not arrive as S3 holds it; try again" in capsys.readouterr().err
    assert main(command) == 0
    assert (tmp_path / "got" / "faces.zip").read_bytes() == large.read_bytes()


def test_a_data_set_is_fetched_once_and_again_when_it_changes(aws: Aws) -> None:
    location = S3Location(BUCKET, "data/faces.zip")
    aws.put_object(BUCKET, location.key, b"first")
    assert fetch(location, QUIET).read_bytes() == b"first"
    assert fetch(location, QUIET).read_bytes() == b"first"
    assert count_gets(aws) == 1
    aws.put_object(BUCKET, location.key, b"other")
    assert fetch(location, QUIET).read_bytes() == b"other"


def test_a_cached_file_that_was_changed_here_is_fetched_again(aws: Aws) -> None:
    location = S3Location(BUCKET, "data/votes.csv")
    aws.put_object(BUCKET, location.key, b"votes")
    fetch(location, QUIET).write_bytes(b"other")
    assert fetch(location, QUIET).read_bytes() == b"votes"


def test_a_cached_folder_holds_what_the_prefix_holds_now(aws: Aws) -> None:
    for name in ("train/happy/1.jpg", "train/happy/2.jpg"):
        aws.put_object(BUCKET, f"faces/{name}", name.encode())
    aws.put_object(BUCKET, "faces-of-others/3.jpg", b"not asked for")
    folder = fetch(S3Location(BUCKET, "faces"), QUIET)
    aws.client("s3").delete_object(Bucket=BUCKET, Key="faces/train/happy/1.jpg")
    aws.put_object(BUCKET, "faces/train/sad/4.jpg", b"new")
    aws.requests.clear()
    assert fetch(S3Location(BUCKET, "faces/"), QUIET) == folder
    assert sorted(path.name for path in folder.rglob("*.jpg")) == ["2.jpg", "4.jpg"]
    assert count_gets(aws) == 1


def test_commands_take_data_from_s3(aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        archive.writestr("train/happy/1.jpg", b"no image")
    aws.put_object(BUCKET, "faces.zip", (tmp_path / "faces.zip").read_bytes())
    assert main(["train", "--data", f"s3://{BUCKET}/faces.zip"]) == 1
    shown = capsys.readouterr().err
    assert f"s3://{BUCKET}/faces.zip → {tmp_path}/cache/moodlens/s3/{BUCKET}/faces.zip" in shown
    assert shown.endswith("training: class folder train/angry is missing\n")


@pytest.mark.parametrize("key", ["faces/../../outside.jpg", "faces//etc/passwd"])
def test_keys_that_lead_out_of_the_folder_are_refused(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    aws.put_object(BUCKET, key, b"outside")
    assert main(["s3", "download", f"s3://{BUCKET}/faces/", str(tmp_path / "got")]) == 1
    assert "which is no name for a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "status", "says"),
    [
        ("InvalidAccessKeyId", "403 Forbidden", "AWS does not know these credentials: sign in with"),
        ("SignatureDoesNotMatch", "403 Forbidden", "AWS does not know these credentials: sign in with"),
        ("ExpiredToken", "400 Bad Request", "the AWS credentials have expired: sign in with"),
        ("AccessDenied", "403 Forbidden", "no permission for ListObjectsV2; docs/iam/ holds the policies"),
        (
            "IllegalLocationConstraintException",
            "400 Bad Request",
            "the bucket is in another region; give --region",
        ),
        ("RequestTimeTooSkewed", "403 Forbidden", "this machine's clock is wrong: set it"),
        ("SlowDown", "503 Slow Down", "try again in a minute"),
        ("TeaPot", "418 Tea Pot", "AWS refused ListObjectsV2: told by the test"),
    ],
)
def test_what_aws_refuses_is_one_line_that_says_what_to_do(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str, status: str, says: str
) -> None:
    aws.answer = refuse_with(code, status)
    assert main(["s3", "download", f"s3://{BUCKET}/faces/", str(tmp_path)]) == 1
    shown = capsys.readouterr().err
    assert says in shown
    assert shown.startswith("training: ")
    assert shown.count("\n") == 1


def test_no_credentials_no_network_no_bucket_and_no_object_are_one_line_each(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["s3", "download", f"s3://{BUCKET}/faces.zip", str(tmp_path)]
    assert main(command) == 1
    assert capsys.readouterr().err.startswith(f"training: s3://{BUCKET}/faces.zip holds nothing")
    assert main(["s3", "download", "s3://nowhere/faces.zip", str(tmp_path)]) == 1
    assert "there is no such bucket; make it with `aws s3 mb`" in capsys.readouterr().err
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    assert main(command) == 1
    assert capsys.readouterr().err.startswith(
        "training: no connection to AWS: check network, proxy and --region"
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.address)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert main(command) == 1
    assert capsys.readouterr().err.startswith("training: no AWS credentials: sign in with `aws configure`")
