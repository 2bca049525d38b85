from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from training.aws.commands import choose_target
from training.aws.digests import Digest, combine_sha256, encode_sha256, find_digest
from training.aws.location import S3Location
from training.aws.multipart import PART_BYTES, PARTS_MAX, cut_into_parts
from training.aws.receipts import FILE, Receipts
from training.aws.upload import plan_upload
from training.cli import build_parser
from training.errors import AwsError


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("s3://faces/data/fer2013.zip", S3Location("faces", "data/fer2013.zip")),
        ("s3://faces", S3Location("faces")),
        ("s3://faces/data/", S3Location("faces", "data/")),
    ],
)
def test_an_address_is_a_bucket_and_a_key(text: str, location: S3Location) -> None:
    assert S3Location.parse(text) == location
    assert build_parser().parse_args(["s3", "download", text, "here"]).source == location


@pytest.mark.parametrize("text", ["s3:/faces/x", "s3://", "s3://Faces/x", "s3:///x", "faces/x"])
def test_what_is_no_address_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AwsError, match="is not s3://BUCKET/KEY"):
        S3Location.parse(text)
    with pytest.raises(SystemExit):
        build_parser().parse_args(["s3", "download", text, "here"])
    assert "is not s3://BUCKET/KEY" in capsys.readouterr().err


def test_a_bucket_alone_is_completed_so_that_a_deeplens_would_take_the_model(tmp_path: Path) -> None:
    model, data = tmp_path / "mood", tmp_path / "faces.zip"
    model.mkdir()
    (model / "model.json").write_text("{}")
    data.write_bytes(b"")
    bucket = S3Location("faces")
    assert choose_target(model, bucket) == S3Location("faces", "deeplens/mood")
    assert choose_target(data, bucket) == S3Location("faces", "moodlens/data/faces.zip")
    assert choose_target(model, S3Location("faces", "mine")) == S3Location("faces", "mine")


def test_a_file_takes_the_name_given_or_its_own_below_a_prefix(tmp_path: Path) -> None:
    file = tmp_path / "faces.zip"
    file.write_bytes(b"faces")
    (sending,) = plan_upload(file, S3Location("faces", "a/b.zip"))
    assert (sending.target.key, sending.size) == ("a/b.zip", 5)
    (sending,) = plan_upload(file, S3Location("faces", "a/"))
    assert sending.target.key == "a/faces.zip"


def test_a_folder_without_files_and_a_missing_path_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AwsError, match="holds no file"):
        plan_upload(tmp_path, S3Location("faces", "a"))
    with pytest.raises(AwsError, match="nowhere does not exist"):
        plan_upload(tmp_path / "nowhere", S3Location("faces", "a"))


@pytest.mark.parametrize("size", [PART_BYTES + 1, 3 * PART_BYTES, 5 << 40])
def test_parts_cover_a_file_within_the_limits_of_s3(size: int) -> None:
    parts = cut_into_parts(size)
    assert len(parts) <= PARTS_MAX
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert all(first.start + first.size == then.start for first, then in pairwise(parts))
    assert parts[0].start == 0
    assert parts[-1].start + parts[-1].size == size
    assert len({part.size for part in parts[:-1]}) <= 1


def test_the_checksum_of_parts_is_that_of_their_checksums() -> None:
    # what S3 answers to parts "a" and "b", by its own rule: SHA-256 of both binary SHA-256, and their number
    combined = combine_sha256([encode_sha256(b"a"), encode_sha256(b"b")])
    assert combined == "5aAf7hTg7VxIcU8iGA8lrYNltT+XefedxKPX6Tlj+Uo=-2"


@pytest.mark.parametrize(
    ("head", "digest"),
    [
        ({"Metadata": {"sha256": "aa"}, "ETag": '"bb"'}, Digest("sha256", "aa")),
        ({"ChecksumSHA256": "qg==", "ETag": '"bb"'}, Digest("sha256", "aa")),
        ({"ETag": '"bb"'}, Digest("md5", "bb")),
        ({"ETag": '"bb"', "ServerSideEncryption": "AES256"}, Digest("md5", "bb")),
        ({"ETag": '"bb"', "ServerSideEncryption": "aws:kms"}, None),
        ({"ETag": '"bb-3"', "ChecksumSHA256": "qg==-3"}, None),
    ],
)
def test_a_hash_is_taken_from_where_s3_tells_that_of_the_whole(
    head: dict[str, Any], digest: Digest | None
) -> None:
    assert find_digest(head) == digest


def test_a_receipt_counts_for_this_content_and_this_file_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "faces.zip").write_bytes(b"faces")
    Receipts(tmp_path).add("faces.zip", "s3://faces/faces.zip", "tag")
    receipts = Receipts(tmp_path)
    assert receipts.covers("faces.zip", "s3://faces/faces.zip", "tag")
    assert not receipts.covers("faces.zip", "s3://faces/faces.zip", "another tag")
    assert not receipts.covers("faces.zip", "s3://others/faces.zip", "tag")
    (tmp_path / "faces.zip").write_bytes(b"changed")
    assert not Receipts(tmp_path).covers("faces.zip", "s3://faces/faces.zip", "tag")


def test_a_receipt_that_was_cut_short_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "faces.zip").write_bytes(b"faces")
    Receipts(tmp_path).add("faces.zip", "s3://faces/faces.zip", "tag")
    file = tmp_path / FILE
    file.write_bytes(file.read_bytes()[:-10])
    assert Receipts(tmp_path).by_name == {}
