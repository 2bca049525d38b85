"""The container image that a job runs in: AWS's own of TensorFlow, which each region has a copy of."""

from typing import Final

from training.errors import AwsError

TENSORFLOW: Final = "2.21.0"
_TAGS: Final = {
    "cpu": f"{TENSORFLOW}-cpu-py312-amzn2023-sagemaker",
    "gpu": f"{TENSORFLOW}-gpu-py312-cu129-amzn2023-sagemaker",
}

_REGISTRY: Final = "763104351884"
"""AWS account whose registry holds the images in the regions of the first years."""

_EVERYWHERE: Final = (
    "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
    "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1",
    "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip

REGISTRIES: Final = {
    **dict.fromkeys(_EVERYWHERE, _REGISTRY),
    "af-south-1": "626614931356",
    "ap-east-1": "871362719292",
    "ap-east-2": "975050140332",
    "ap-northeast-3": "364406365360",
    "ap-south-2": "772153158452",
    "ap-southeast-3": "907027046896",
    "ap-southeast-4": "457447274322",
    "ap-southeast-5": "550225433462",
    "ap-southeast-7": "590183813437",
    "ca-west-1": "204538143572",
    "cn-north-1": "727897471807",
    "cn-northwest-1": "727897471807",
    "eu-central-2": "380420809688",
    "eu-south-1": "692866216735",
    "eu-south-2": "503227376785",
    "il-central-1": "780543022126",
    "me-central-1": "914824155844",
    "me-south-1": "217643126080",
    "mx-central-1": "637423239942",
    "us-gov-east-1": "446045086412",
    "us-gov-west-1": "442386744353",
}
"""Account by region, as AWS's Python SDK for SageMaker lists them (read 2026-11-26)."""

_GPU_FAMILIES: Final = ("g", "p")


def find_image(region: str, instance: str) -> str:
    """The image for a job.

    Args:
        region: e.g. ``eu-central-1``.
        instance: type of machine, e.g. ``ml.g5.xlarge``.

    Raises:
        AwsError: no registry is known for the region, or the type is none or needs another image.
    """
    if region not in REGISTRIES:
        raise AwsError(
            f"no registry of AWS's TensorFlow images is known for region {region!r}; "
            "choose another --region, e.g. eu-central-1 or us-east-1"
        )
    suffix = ".cn" if region.startswith("cn-") else ""
    registry = f"{REGISTRIES[region]}.dkr.ecr.{region}.amazonaws.com{suffix}"
    return f"{registry}/tensorflow-training:{_TAGS[find_device(instance)]}"


def find_device(instance: str) -> str:
    """``gpu`` or ``cpu``.

    Raises:
        AwsError: it is no type of a training machine, or one whose processor the image is not made for.
    """
    kind, *rest = instance.removeprefix("ml.").split(".")
    if not instance.startswith("ml.") or len(rest) != 1 or not kind[:1].isalpha():
        raise AwsError(f"{instance!r} is no --instance; examples are ml.c7i.2xlarge and ml.g5.xlarge")
    if kind.startswith(("trn", "inf")) or "g" in kind[1:]:
        raise AwsError(
            f"--instance {instance} needs an image of its own; choose ml.c7i.2xlarge or ml.g5.xlarge"
        )
    return "gpu" if kind.startswith(_GPU_FAMILIES) else "cpu"
