"""The Greengrass component: recipe and artifact."""

import hashlib
import json
import stat
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from edge.errors import EdgeRefused
from edge.greengrass import build
from edge.greengrass.build import ARTIFACT, DIGESTS, HERE, NAME, artifact_of, instructions, recipe_of, write

SCHEMA: dict[str, Any] = json.loads((HERE / "recipe.schema.json").read_text())
ARTIFACT_BYTES = artifact_of("moodlens-1-py3-none-any.whl", b"wheel", b"numpy==2")


def test_the_recipe_has_the_form_that_greengrass_takes() -> None:
    recipe = json.loads(recipe_of("0.1.0", "shop-artifacts"))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(recipe, SCHEMA)
    assert recipe["ComponentVersion"] == "0.1.0"
    (artifact,) = recipe["Manifests"][0]["Artifacts"]
    assert artifact["URI"] == f"s3://shop-artifacts/{NAME}/0.1.0/{ARTIFACT}"
    assert not {"password", "key"} & set(recipe["ComponentConfiguration"]["DefaultConfiguration"])


@pytest.mark.parametrize(
    "fault",
    [
        {"ComponentVersion": "latest"},
        {"RecipeFormatVersion": "2.0"},
        {"Manifests": []},
        {"Manifests": [{"Lifecycle": {"run": {"Script": "upper case"}}}]},
        {"Manifests": [{"Artifacts": [{"URI": "s3://b/k", "Digest": "written by AWS"}]}]},
    ],
    ids=str,
)
def test_the_schema_finds_faults(fault: dict[str, Any]) -> None:
    recipe = {**json.loads(recipe_of("0.1.0", "shop-artifacts")), **fault}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(recipe, SCHEMA)


@pytest.mark.parametrize(("version", "bucket"), [("1", "shop"), ("0.1.0", "Shop"), ("0.1.0", 'x", "y')])
def test_versions_and_buckets_that_are_none_are_refused(version: str, bucket: str) -> None:
    with pytest.raises(EdgeRefused, match=r"--version|--bucket"):
        recipe_of(version, bucket)


def test_the_artifact_holds_the_wheel_its_versions_and_scripts_and_is_the_same_each_time() -> None:
    with zipfile.ZipFile(BytesIO(ARTIFACT_BYTES)) as archive:
        names = {entry.filename: entry for entry in archive.infolist()}
    assert set(names) == {"moodlens-1-py3-none-any.whl", "constraints.txt", "install.sh", "run.sh"}
    assert names["run.sh"].external_attr >> 16 & stat.S_IXUSR
    assert artifact_of("moodlens-1-py3-none-any.whl", b"wheel", b"numpy==2") == ARTIFACT_BYTES


def test_what_is_written_is_where_greengrass_looks_for_it_and_has_its_digest(tmp_path: Path) -> None:
    write(tmp_path, "0.1.0", recipe_of("0.1.0", "shop"), ARTIFACT_BYTES)
    lines = [line.split("  ") for line in (tmp_path / DIGESTS).read_text().splitlines()]
    assert {name for _, name in lines} == {f"recipes/{NAME}-0.1.0.json", f"artifacts/{NAME}/0.1.0/{ARTIFACT}"}
    for digest, name in lines:
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    said = instructions(tmp_path, "0.1.0", "shop")
    assert f"aws s3 cp {tmp_path}/artifacts/{NAME}/0.1.0/{ARTIFACT} s3://shop/{NAME}/0.1.0/{ARTIFACT}" in said
    assert f"s3:GetObject on arn:aws:s3:::shop/{NAME}/*" in said


def test_a_project_that_does_not_build_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(EdgeRefused, match="pip cannot build the wheel of") as error:
        build.build_wheel(tmp_path)
    assert "\n" not in str(error.value)
