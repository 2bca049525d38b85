import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "iam"
POLICIES = ("s3-training", "sagemaker-operator", "sagemaker-role")
PLACE = r"EXAMPLE-REGION:111122223333"
RESOURCES = re.compile(
    r"arn:aws:s3:::EXAMPLE-BUCKET(/(moodlens|deeplens)/([a-z]+/)?\*)?"
    rf"|arn:aws:sagemaker:{PLACE}:training-job/moodlens-\*"
    rf"|arn:aws:logs:{PLACE}:log-group:/aws/sagemaker/TrainingJobs:(\*|log-stream:moodlens-\*)"
    r"|arn:aws:iam::111122223333:role/moodlens-training"
    r"|arn:aws:ecr:EXAMPLE-REGION:763104351884:repository/tensorflow-training"
)
WITHOUT_RESOURCE = {"cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"}
"""AWS lets nobody limit these to a resource."""


def read_statements(name: str) -> list[dict[str, Any]]:
    policy = json.loads((FOLDER / f"{name}.json").read_text())
    assert policy["Version"] == "2012-10-17"
    statements: list[dict[str, Any]] = policy["Statement"]
    return statements


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_allows_named_actions_on_our_own_resources_only(name: str) -> None:
    for statement in read_statements(name):
        assert statement["Effect"] == "Allow"
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action) for action in statement["Action"])
        assert not {"NotAction", "NotResource"} & statement.keys()
        if statement["Resource"] == "*":
            assert set(statement["Action"]) <= WITHOUT_RESOURCE
        else:
            assert all(RESOURCES.fullmatch(resource) for resource in statement["Resource"])


def test_the_role_is_passed_to_sagemaker_alone_and_taken_by_it_alone() -> None:
    (passing,) = [one for one in read_statements("sagemaker-operator") if one["Action"] == ["iam:PassRole"]]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    (trust,) = read_statements("sagemaker-trust")
    assert trust["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_a_job_may_read_its_code_and_data_but_change_only_what_it_makes() -> None:
    writing = [one for one in read_statements("sagemaker-role") if "s3:PutObject" in one["Action"]]
    assert [one["Resource"] for one in writing] == [["arn:aws:s3:::EXAMPLE-BUCKET/moodlens/jobs/*"]]


def test_every_policy_is_named_in_the_guide() -> None:
    guide = (FOLDER.parent / "aws.md").read_text()
    assert all(f"iam/{file.name}" in guide for file in FOLDER.iterdir())
