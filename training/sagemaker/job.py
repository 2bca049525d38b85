"""A training job: what is asked for, and the request that says so to SageMaker."""

import json
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from training.aws.location import S3Location
from training.recipes import RECIPES, change_recipe
from training.sagemaker.images import find_image
from training.sagemaker.package import PROGRAM

Hyperparameters = dict[str, Any]
"""Values of the types they have in the recipe, by name."""

CONTAINER: Final = "/opt/ml"
"""Where SageMaker lays everything out within the container."""
CHECKPOINTS: Final = "checkpoints"
OF_SAGEMAKER: Final = "sagemaker_"
"""Hyperparameters that begin so are for the container, not for us."""
LOG_LEVEL: Final = 20
"""``logging.INFO``, of the container's own words."""
VOLUME_GB: Final = 20


@dataclass(frozen=True)
class Job:
    """A job.

    Attributes:
        name: unique in the account and region.
        role: ARN of the role that it runs as.
        region: of the job and its bucket.
        bucket: of code, checkpoints and model.
        code: of ``sourcedir.tar.gz``.
        channels: data by the name of the channel: ``train``, and ``votes`` where there are any.
        hyperparameters: from ``make_hyperparameters``.
        instance: type of machine.
        max_hours: then the job is stopped.
        spot: whether it runs on spare capacity.
    """

    name: str
    role: str
    region: str
    bucket: str
    code: S3Location
    channels: dict[str, S3Location]
    hyperparameters: Hyperparameters
    instance: str
    max_hours: int
    spot: bool

    @property
    def folder(self) -> S3Location:
        """Prefix of all that is written by the job."""
        return S3Location(self.bucket, f"moodlens/jobs/{self.name}")


def make_hyperparameters(model: str, seed: int, precision: str, changes: list[str]) -> Hyperparameters:
    """What decides how the model learns, checked here, before a machine is paid for.

    Args:
        model: name of the recipe.
        seed: of weights, dropout and order.
        precision: Keras data type policy.
        changes: of the recipe, each ``name=value``.

    Raises:
        RunError: the recipe cannot have such a change.
    """
    values = msgspec.structs.asdict(change_recipe(RECIPES[model], changes))
    names = [change.partition("=")[0] for change in changes]
    return {"model": model, "seed": seed, "precision": precision, **{name: values[name] for name in names}}


def encode_hyperparameters(hyperparameters: Hyperparameters, name: str, code: str) -> dict[str, str]:
    """All that the container is told, each value as JSON, as SageMaker's own SDK does it.

    Args:
        hyperparameters: from ``make_hyperparameters``.
        name: of the job.
        code: where the container finds ``sourcedir.tar.gz``.
    """
    values = {
        **hyperparameters,
        f"{OF_SAGEMAKER}program": PROGRAM,
        f"{OF_SAGEMAKER}submit_directory": code,
        f"{OF_SAGEMAKER}job_name": name,
        f"{OF_SAGEMAKER}container_log_level": LOG_LEVEL,
    }
    return {name: json.dumps(value) for name, value in values.items()}


def make_request(job: Job) -> dict[str, Any]:
    """The arguments of ``create_training_job``.

    Raises:
        AwsError: there is no image for the region or the type of machine.
    """
    run_s = job.max_hours * 3600
    # a spot job may wait for capacity, before it runs and after each interruption, as long as it may run
    stopping = {"MaxRuntimeInSeconds": run_s} | ({"MaxWaitTimeInSeconds": 2 * run_s} if job.spot else {})
    return {
        "TrainingJobName": job.name,
        "AlgorithmSpecification": {
            "TrainingImage": find_image(job.region, job.instance),
            "TrainingInputMode": "File",
        },
        "RoleArn": job.role,
        "HyperParameters": {
            **encode_hyperparameters(job.hyperparameters, job.name, str(job.code)),
            f"{OF_SAGEMAKER}region": json.dumps(job.region),
        },
        "InputDataConfig": [_describe_channel(name, place) for name, place in job.channels.items()],
        "OutputDataConfig": {"S3OutputPath": str(S3Location(job.bucket, "moodlens/jobs"))},
        "CheckpointConfig": {
            "S3Uri": str(job.folder.join(CHECKPOINTS)),
            "LocalPath": f"{CONTAINER}/{CHECKPOINTS}",
        },
        "ResourceConfig": {
            "InstanceType": job.instance,
            "InstanceCount": 1,
            "VolumeSizeInGB": VOLUME_GB,
        },
        "StoppingCondition": stopping,
        "EnableManagedSpotTraining": job.spot,
        "Tags": [{"Key": "project", "Value": "moodlens"}],
    }


def is_file(place: S3Location) -> bool:
    """Whether a channel is one file, and no folder."""
    return place.key.endswith((".zip", ".csv"))


def _describe_channel(name: str, place: S3Location) -> dict[str, Any]:
    # SageMaker takes every object that begins so, so a folder is named with its slash
    uri = str(place) if is_file(place) or place.key.endswith("/") or not place.key else f"{place}/"
    return {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": uri,
                "S3DataDistributionType": "FullyReplicated",
            }
        },
        "InputMode": "File",
    }
