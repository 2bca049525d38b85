import ast
import io
import json
import re
import sys
import tarfile
from pathlib import Path

import pytest

from training.cli import build_parser
from training.errors import AwsError, DatasetError
from training.options import list_changes
from training.sagemaker.archive import unpack
from training.sagemaker.entry import find_data, list_options, read_arguments
from training.sagemaker.images import find_image
from training.sagemaker.job import make_hyperparameters
from training.sagemaker.package import REQUIREMENTS, pack_code, pin_requirements

BROUGHT_BY_THE_IMAGE = {"numpy", "tensorflow"}
IMPORTED_ON_DEMAND = {"boto3", "botocore", "urllib3", "tf_keras", "fer"}
"""By commands that a job does not run."""
NAMES = {"ai_edge_litert": "ai-edge-litert", "cv2": "opencv-python-headless"}


def read_archive(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        files = {member.name: archive.extractfile(member) for member in archive}
        return {name: file.read() for name, file in files.items() if file}


def list_imports(source: bytes) -> set[str]:
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def test_the_archive_holds_all_that_its_code_imports_of_ours_and_requires_the_rest() -> None:
    files = read_archive(pack_code())
    imported = set().union(
        *(list_imports(content) for name, content in files.items() if name.endswith(".py"))
    )
    packed = {name.partition("/")[0] for name in files if "/" in name}
    others = imported - set(sys.stdlib_module_names) - packed - BROUGHT_BY_THE_IMAGE - IMPORTED_ON_DEMAND
    assert {NAMES.get(name, name) for name in others} == set(REQUIREMENTS)
    assert files["requirements.txt"].decode() == pin_requirements()
    assert "sagemaker_entry.py" in files


def test_the_same_code_is_the_same_archive() -> None:
    assert pack_code() == pack_code()


@pytest.mark.parametrize(
    ("region", "instance", "image"),
    [
        (
            "us-east-1",
            "ml.c7i.2xlarge",
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.21.0-cpu",
        ),
        (
            "eu-south-1",
            "ml.g5.xlarge",
            "692866216735.dkr.ecr.eu-south-1.amazonaws.com/tensorflow-training:2.21.0-gpu",
        ),
        (
            "cn-north-1",
            "ml.p4d.24xlarge",
            "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/tensorflow-training:",
        ),
        (
            "us-gov-west-1",
            "ml.m5.large",
            "442386744353.dkr.ecr.us-gov-west-1.amazonaws.com/tensorflow-training:",
        ),
    ],
)
def test_each_region_has_its_own_copy_of_the_image(region: str, instance: str, image: str) -> None:
    assert find_image(region, instance).startswith(image)


@pytest.mark.parametrize(
    ("instance", "says"),
    [
        ("c7i.2xlarge", "is no --instance"),
        ("ml.large", "is no --instance"),
        ("ml.c7g.2xlarge", "needs an image of its own"),
        ("ml.trn1.2xlarge", "needs an image of its own"),
    ],
)
def test_machines_that_the_image_does_not_run_on_are_refused(instance: str, says: str) -> None:
    with pytest.raises(AwsError, match=says):
        find_image("us-east-1", instance)


def test_hyperparameters_keep_their_types_and_come_back_as_the_same_options() -> None:
    options = ["--epochs", "5", "--set", "augment=false", "--set", "optimiser=adam", "--set", "dropout=0.25"]
    given = build_parser().parse_args(["sagemaker", *options])
    values = make_hyperparameters("moodnet", 3, "float32", list_changes(given))
    assert values == {
        "model": "moodnet",
        "seed": 3,
        "precision": "float32",
        "augment": False,
        "optimiser": "adam",
        "dropout": 0.25,
        "epochs": 5,
    }
    words = list_options(json.loads(json.dumps(values)) | {"model_dir": "s3://somewhere"})
    again = build_parser().parse_args(["train", "--data", "x.zip", *words])
    assert (again.model, again.seed, again.precision) == ("moodnet", 3, "float32")
    assert make_hyperparameters("moodnet", 3, "float32", list_changes(again)) == values


def test_hyperparameters_are_read_from_arguments_where_nothing_else_tells_them() -> None:
    arguments = ["--augment", "False", "--epochs", "5", "--optimiser", "adam"]
    assert list_options(read_arguments(arguments)) == [
        *("--set", "augment=false", "--set", "epochs=5", "--set", "optimiser=adam")
    ]


def test_a_channel_is_its_one_archive_or_table_or_else_its_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"is empty: is its s3:// address right\?"):
        find_data(tmp_path)
    (tmp_path / "faces.zip").touch()
    assert find_data(tmp_path) == tmp_path / "faces.zip"
    (tmp_path / "train").mkdir()
    assert find_data(tmp_path) == tmp_path


@pytest.mark.parametrize("name", ["../outside", "link"])
def test_an_archive_that_would_write_outside_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    archive, target = tmp_path / "model.tar.gz", tmp_path / "run"
    with tarfile.open(archive, "w:gz") as tar:
        entry = tarfile.TarInfo(name)
        if name == "link":
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry, io.BytesIO())
    with pytest.raises(AwsError, match="it would write outside"):
        unpack(archive, target)
    assert not (tmp_path / "outside").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"no archive")
    with pytest.raises(AwsError, match=re.escape("is not a readable .tar.gz")):
        unpack(tmp_path / "model.tar.gz", tmp_path)


@pytest.mark.parametrize(
    "option", [["--role", "moodlens"], ["--bucket", "My Bucket"], ["--name", "my job"], ["--max-hours", "0"]]
)
def test_options_of_another_form_are_refused(option: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        build_parser().parse_args(["sagemaker", *option])
    assert refused.value.code == 2
