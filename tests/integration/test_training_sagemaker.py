import json
import os
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws import REGION, ROLE, Aws, use_aws
from tests.support.faces import write_faces
from tests.support.taken_away import run_until_second
from training.cli import main
from training.export import read_card
from training.runs import History, RunFolder
from training.sagemaker.watch import LOG_GROUP

pytestmark = pytest.mark.timeout(1200)  # a whole job is in the first test's time

BUCKET = "moodlens-faces"
EPOCHS = 3
SMALL = [
    *("--epochs", str(EPOCHS), "--batch-size", "32", "--seed", "7"),
    *(word for change in ("width=16", "augment=false", "averaging=0.9") for word in ("--set", change)),
]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    with use_aws(monkeypatch, tmp_path, BUCKET) as server:
        yield server


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_faces(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def interrupted(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[History, Path]:
    """How far a job on this machine was when it was killed; and its run folder, after it went on."""
    out = tmp_path_factory.mktemp("runs") / "local"
    job = ["sagemaker", "--local", *with_votes(data), *SMALL, "--out", os.path.relpath(out)]
    run_until_second("history.json", "training", job, tmp_path_factory.mktemp("hook"))
    history = RunFolder(out / "opt/ml/checkpoints").read_history()
    assert main(job) == 0
    return history, out


@pytest.fixture
def local(interrupted: tuple[History, Path]) -> Path:
    return interrupted[1]


def with_votes(data: Path) -> list[str]:
    return ["--data", str(data), "--votes", str(data.with_name("votes.csv"))]


def start(*options: str) -> list[str]:
    return ["sagemaker", "--role", ROLE, "--bucket", BUCKET, *options]


def describe(aws: Aws, name: str) -> dict[str, Any]:
    job: dict[str, Any] = aws.client("sagemaker").describe_training_job(TrainingJobName=name)
    return job


def list_keys(aws: Aws) -> set[str]:
    return {entry["Key"] for entry in aws.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", ())}


def test_the_same_job_runs_on_this_machine_and_its_model_is_exported(local: Path) -> None:
    run = RunFolder(local)
    settings, history = run.read_settings(), run.read_history()
    assert (settings.seed, settings.recipe.width, settings.recipe.augment) == (7, 16, False)
    assert (settings.heads, len(history.epochs)) == (("ferplus", "original"), EPOCHS)
    assert read_card(local / "model").data.sha256 == settings.data_sha256
    top = local / "opt" / "ml"
    hyperparameters = json.loads((top / "input/config/hyperparameters.json").read_text())
    assert hyperparameters["averaging"] == "0.9"
    assert hyperparameters["sagemaker_program"] == '"sagemaker_entry.py"'
    assert (top / "code/sagemaker_entry.py").is_file()
    with tarfile.open(top / "model.tar.gz") as archive:
        assert {"run.json", "history.json"} <= set(archive.getnames())
        assert not any(name.endswith(".state.npz") for name in archive.getnames())


def test_a_job_whose_machine_was_taken_away_goes_on_from_its_checkpoint(
    interrupted: tuple[History, Path],
) -> None:
    before, out = interrupted
    after = RunFolder(out).read_history()
    assert 0 < len(before.epochs) < EPOCHS
    assert after.epochs[: len(before.epochs)] == before.epochs


def test_the_checkpoints_of_a_job_are_fetched_and_gone_on_from(
    aws: Aws, data: Path, local: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in (local / "opt/ml/checkpoints").iterdir():
        aws.put_object(BUCKET, f"moodlens/jobs/mood-1/checkpoints/{file.name}", file.read_bytes())
    assert main(["s3", "download", f"s3://{BUCKET}/moodlens/jobs/mood-1/checkpoints/", "runs/mood-1"]) == 0
    assert main(["train", *with_votes(data), *SMALL, "--out", "runs/mood-1"]) == 0
    assert f"the run has its {EPOCHS} epochs already" in capsys.readouterr().out


def test_a_dry_run_prints_the_request_and_calls_nothing(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(start("--data", f"s3://{BUCKET}/fer2013.zip", "--name", "mood-1", "--dry-run")) == 0
    assert json.loads(capsys.readouterr().out)["TrainingJobName"] == "mood-1"
    assert aws.requests == []


def test_what_sagemaker_is_asked_for(aws: Aws) -> None:
    aws.put_object(BUCKET, "faces/train/happy/1.jpg", b"image")
    aws.put_object(BUCKET, "votes.csv", b"votes")
    data = ("--data", f"s3://{BUCKET}/faces", "--votes", f"s3://{BUCKET}/votes.csv")
    spot = ("--spot", "--max-hours", "2", "--instance", "ml.g5.xlarge")
    assert main(start(*data, *spot, *SMALL, "--name", "mood-1", "--no-wait")) == 0
    job = describe(aws, "mood-1")
    assert job["AlgorithmSpecification"]["TrainingImage"] == (
        "763104351884.dkr.ecr.eu-central-1.amazonaws.com/"
        "tensorflow-training:2.21.0-gpu-py312-cu129-amzn2023-sagemaker"
    )
    assert job["AlgorithmSpecification"]["TrainingInputMode"] == "File"
    assert job["RoleArn"] == ROLE
    assert {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in job["InputDataConfig"]
    } == {"train": f"s3://{BUCKET}/faces/", "votes": f"s3://{BUCKET}/votes.csv"}
    assert job["OutputDataConfig"]["S3OutputPath"] == f"s3://{BUCKET}/moodlens/jobs"
    assert job["CheckpointConfig"] == {
        "S3Uri": f"s3://{BUCKET}/moodlens/jobs/mood-1/checkpoints",
        "LocalPath": "/opt/ml/checkpoints",
    }
    assert job["EnableManagedSpotTraining"] is True
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 7200, "MaxWaitTimeInSeconds": 14400}
    assert job["ResourceConfig"]["InstanceType"] == "ml.g5.xlarge"
    told = {name: json.loads(value) for name, value in job["HyperParameters"].items()}
    code = told.pop("sagemaker_submit_directory")
    assert told == {
        "model": "moodnet",
        "seed": 7,
        "precision": "float32",
        "epochs": EPOCHS,
        "batch_size": 32,
        "width": 16,
        "augment": False,
        "averaging": 0.9,
        "sagemaker_program": "sagemaker_entry.py",
        "sagemaker_region": REGION,
        "sagemaker_job_name": "mood-1",
        "sagemaker_container_log_level": 20,
    }
    assert code.removeprefix(f"s3://{BUCKET}/") in list_keys(aws)
    tags = aws.client("sagemaker").list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "project", "Value": "moodlens"}]


def test_data_of_this_machine_is_sent_first(aws: Aws, data: Path) -> None:
    assert main(start(*with_votes(data), "--name", "mood-1", "--no-wait")) == 0
    assert {"moodlens/data/faces.zip", "moodlens/data/votes.csv"} < list_keys(aws)
    uris = [one["DataSource"]["S3DataSource"]["S3Uri"] for one in describe(aws, "mood-1")["InputDataConfig"]]
    assert uris == [f"s3://{BUCKET}/moodlens/data/{name}" for name in ("faces.zip", "votes.csv")]


def test_a_finished_job_is_fetched_and_exported_with_its_log_shown(
    aws: Aws, data: Path, local: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = (local / "opt/ml/model.tar.gz").read_bytes()
    aws.put_object(BUCKET, "moodlens/jobs/mood-1/output/model.tar.gz", archive)
    logs, stream = aws.client("logs"), "mood-1/algo-1-1700000000"
    logs.create_log_group(logGroupName=LOG_GROUP)
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
    now_ms = int(time.time() * 1000)
    lines = [{"timestamp": now_ms + n, "message": f"epoch {n}/3"} for n in (1, 2, 3)]
    logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=stream, logEvents=lines)
    assert main(start(*with_votes(data), "--name", "mood-1", "--no-wait")) == 0
    assert main(["sagemaker", "--attach", "mood-1"]) == 0
    shown = capsys.readouterr().out
    assert [shown.count(f"epoch {n}/3") for n in (1, 2, 3)] == [1, 1, 1]
    fetched, known = read_card(tmp_path / "runs/mood-1/model"), read_card(local / "model")
    assert (fetched.data, fetched.metrics) == (known.data, known.metrics)
