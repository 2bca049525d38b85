"""Clients of AWS; which account, region and address, boto3 reads from its own variables and files."""

from typing import Any, Final

import boto3
from botocore.config import Config

from training.aws.errors import explained
from training.errors import AwsError

CONNECT_TIMEOUT_S: Final = 10
READ_TIMEOUT_S: Final = 60
CONNECTIONS: Final = 8
"""Requests under way at once, to S3."""


def open_client(service: str, region: str | None = None) -> Any:
    """Make a client; nothing is sent yet.

    Args:
        service: as boto3 names it, e.g. ``s3``.
        region: None: as AWS_DEFAULT_REGION or the profile says.

    Raises:
        AwsError: there is no such profile or no region.
    """
    settings = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        max_pool_connections=CONNECTIONS,
        user_agent_appid="moodlens",
    )
    with explained(service):
        return boto3.Session(region_name=region).client(service, config=settings)


def find_region(region: str | None) -> str:
    """The region that was given, or else the one that AWS_DEFAULT_REGION or the profile names.

    Raises:
        AwsError: there is none.
    """
    with explained("the profile"):
        found = region or boto3.Session().region_name
    if not found:
        raise AwsError("no AWS region: give --region, or set AWS_DEFAULT_REGION")
    return str(found)
