import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws import REGION, ROLE, Aws, Request, use_aws
from tests.support.services import eventually
from training.cli import main

BUCKET = "moodlens-faces"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    with use_aws(monkeypatch, tmp_path, BUCKET) as server:
        yield server


def start(*options: str) -> list[str]:
    return ["sagemaker", "--role", ROLE, "--bucket", BUCKET, *options]


def answer_as_job(name: str, **fields: Any) -> dict[str, Any]:
    """What SageMaker says of a job, where moto has only completed ones."""
    return {"TrainingJobName": name, "TrainingJobArn": f"arn:{name}", **fields}


def answer_describe(job: dict[str, Any], status: str = "200 OK") -> Any:
    def answer(request: Request) -> tuple[str, bytes] | None:
        return (status, json.dumps(job).encode()) if request.operation == "DescribeTrainingJob" else None

    return answer


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError: error: no\nclass folder"},
            "the job mood-1 failed: AlgorithmError: error: no class folder",
        ),
        (
            {"TrainingJobStatus": "Stopped", "SecondaryStatus": "MaxRuntimeExceeded"},
            "was stopped before its end (MaxRuntimeExceeded): start another, if need be with a larger",
        ),
    ],
)
def test_a_job_that_failed_or_was_stopped_says_why(
    aws: Aws, capsys: pytest.CaptureFixture[str], fields: dict[str, Any], says: str
) -> None:
    aws.answer = answer_describe(answer_as_job("mood-1", **fields))
    assert main(["sagemaker", "--attach", "mood-1"]) == 1
    assert says in capsys.readouterr().err


def test_ctrl_c_leaves_the_job_and_says_how_to_follow_and_stop_it(aws: Aws) -> None:
    aws.answer = answer_describe(
        answer_as_job("mood-1", TrainingJobStatus="InProgress", SecondaryStatus="Training")
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "training", "sagemaker", "--attach", "mood-1"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
    )
    # the log is asked for after the job, so the command waits now, or soon
    eventually(lambda: any(one.operation == "DescribeLogStreams" for one in aws.requests), what="a look")
    process.send_signal(signal.SIGINT)
    _, shown = process.communicate(timeout=60)
    assert process.returncode == 130
    command = f"python -m training sagemaker --region {REGION}"
    assert "the job goes on and is charged for" in shown
    assert f"`{command} --attach mood-1`" in shown
    assert f"`{command} --stop mood-1`" in shown


def test_aws_that_fails_while_a_job_is_followed_says_that_the_job_goes_on(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "faces.zip").write_bytes(b"faces")
    expired = json.dumps({"__type": "ExpiredTokenException", "message": "over"}).encode()
    aws.answer = lambda one: ("400 Bad Request", expired) if one.operation == "DescribeTrainingJob" else None
    assert main(start("--data", "faces.zip", "--name", "mood-1")) == 1
    shown = capsys.readouterr().err
    command = f"python -m training sagemaker --region {REGION}"
    assert "the AWS credentials have expired" in shown
    assert f"the job goes on and is charged for: follow it with `{command} --attach mood-1`" in shown
    assert "same command" not in shown
    assert shown.count("\n") == 1


@pytest.mark.usefixtures("aws")
def test_aws_that_fails_while_a_model_is_fetched_says_how_to_fetch_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "faces.zip").write_bytes(b"faces")  # moto's jobs are completed at once, and leave no model
    assert main(start("--data", "faces.zip", "--name", "mood-1")) == 1
    shown = capsys.readouterr().err
    command = f"python -m training sagemaker --region {REGION}"
    assert f"the job is over: fetch its model with `{command} --attach mood-1`\n" in shown
    assert shown.count("\n") == 1


def test_a_job_is_stopped(aws: Aws) -> None:
    aws.answer = lambda request: ("200 OK", b"{}") if request.operation == "StopTrainingJob" else None
    assert main(["sagemaker", "--stop", "mood-1"]) == 0
    assert [one.operation for one in aws.requests] == ["StopTrainingJob"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--data", "faces.zip", "--bucket", BUCKET], "give --role ARN: the role that the job runs as"),
        (["--role", ROLE, "--bucket", BUCKET], "give --data PATH or s3://BUCKET/KEY"),
        (start("--data", "s3://nowhere/faces.zip"), "s3://nowhere/faces.zip: there is no such bucket"),
        (start("--data", f"s3://{BUCKET}/faces.zip"), f"s3://{BUCKET}/faces.zip holds nothing"),
        (start("--data", "nowhere.zip"), "nowhere.zip does not exist"),
        (start("--data", "x.zip", "--set", "width=0"), "no such recipe"),
        (
            start("--data", "x.zip", "--set", "architecture=teacher"),
            "is not NAME=VALUE with a NAME of epochs,",
        ),
        (start("--data", "x.zip", "--instance", "large"), "'large' is no --instance"),
        (start("--data", "x.zip", "--region", "moon-1"), "no registry of AWS's TensorFlow images is known"),
        (
            start("--data", "x.zip", "--region", "us-east-1"),
            f"is in {REGION}, the job in us-east-1: give --region",
        ),
    ],
)
def test_what_would_fail_later_is_refused_before_a_job_begins(
    aws: Aws, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    assert main(options if options[0] == "sagemaker" else ["sagemaker", *options]) == 1
    shown = capsys.readouterr().err
    assert says in shown
    assert shown.count("\n") == 1
    assert not any(one.operation == "CreateTrainingJob" for one in aws.requests)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("AccessDeniedException", "no permission for CreateTrainingJob; docs/iam/ holds the policies"),
        ("ResourceLimitExceeded", "the account's quota does not allow it: ask for more under Service Quotas"),
        ("ValidationException", "SageMaker cannot take this role: docs/aws.md says how to make it"),
        ("ResourceInUse", "this name is taken; choose another --name"),
    ],
)
def test_what_sagemaker_refuses_is_one_line(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str, says: str
) -> None:
    (tmp_path / "faces.zip").write_bytes(b"faces")
    refused = json.dumps({"__type": code, "message": "Could not assume role"}).encode()
    aws.answer = lambda one: ("400 Bad Request", refused) if one.operation == "CreateTrainingJob" else None
    assert main(start("--data", "faces.zip")) == 1
    shown = capsys.readouterr().err
    assert says in shown
    assert shown.count("\n") == 1


def test_a_log_that_may_not_be_read_is_said_once_and_the_job_is_followed(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = json.dumps({"__type": "AccessDeniedException", "message": "no"}).encode()
    failed = answer_describe(answer_as_job("mood-1", TrainingJobStatus="Failed", FailureReason="it failed"))
    aws.answer = lambda one: (
        ("400 Bad Request", refused) if one.operation == "DescribeLogStreams" else failed(one)
    )
    assert main(["sagemaker", "--attach", "mood-1"]) == 1
    shown = capsys.readouterr()
    assert "no permission to read the log" in shown.out
    assert "it failed" in shown.err


def test_a_job_that_was_started_is_followed_to_its_end(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "faces.zip").write_bytes(b"faces")
    aws.answer = answer_describe(
        answer_as_job("mood-1", TrainingJobStatus="Failed", FailureReason="it failed")
    )
    assert main(start("--data", "faces.zip", "--name", "mood-1")) == 1
    assert any(one.operation == "CreateTrainingJob" for one in aws.requests)
    shown = capsys.readouterr()
    assert f"mood-1 has begun; follow it with `python -m training sagemaker --region {REGION}" in shown.out
    assert shown.err == "training: the job mood-1 failed: it failed\n"


def test_a_picture_that_is_no_more_in_the_folder_is_not_learnt_from(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "faces"
    folder.mkdir()
    for name in ("1.png", "2.png"):
        (folder / name).write_bytes(name.encode())
    assert main(start("--data", str(folder), "--name", "mood-1", "--no-wait")) == 0
    (folder / "2.png").unlink()
    assert main(start("--data", str(folder), "--name", "mood-2", "--no-wait")) == 1
    assert "holds 1 objects that" in capsys.readouterr().err
    started = [one for one in aws.requests if one.operation == "CreateTrainingJob"]
    assert len(started) == 1


@pytest.mark.parametrize("here", [False, True])
def test_an_object_whose_name_begins_with_the_datas_is_refused(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str], here: bool
) -> None:
    (tmp_path / "faces.zip").write_bytes(b"faces")
    for name in ("faces.zip", "faces.zip.old"):
        aws.put_object(BUCKET, f"moodlens/data/{name}", b"faces")
    data = "faces.zip" if here else f"s3://{BUCKET}/moodlens/data/faces.zip"
    assert main(start("--data", data)) == 1
    assert f"s3://{BUCKET}/moodlens/data/faces.zip.old would come with" in capsys.readouterr().err
    assert not any(one.operation == "CreateTrainingJob" for one in aws.requests)


def test_two_files_of_one_name_are_not_sent_over_each_other(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("faces", "votes"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "all.csv").write_text("x")
    faces, votes = str(tmp_path / "faces/all.csv"), str(tmp_path / "votes/all.csv")
    assert main(start("--data", faces, "--votes", votes)) == 1
    assert "would have the same name on S3" in capsys.readouterr().err
    assert not aws.requests
