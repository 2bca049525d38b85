"""The zip of a DeepLens."""

import ast
import json
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import trustme

from edge.archive import zip_of
from edge.deeplens import package
from edge.deeplens.model_file import runtime_needed
from edge.deeplens.package import DEVICE, SHIPPED_MODEL, Package, build, instructions, read_ca, read_model
from edge.deeplens.vendored import FOR_EMOTIONS, fetch_wheels
from edge.errors import EdgeRefused
from tests.support.events import CAMERA

MODEL = (SHIPPED_MODEL / "model.int8.tflite").read_bytes()
FROM_ELSEWHERE = {"awscam", "cv2", "numpy", "paho", "tflite_runtime"}


def packed(**others: object) -> Package:
    usual = {
        "config": {"MOODLENS_PRODUCER_CAMERA": CAMERA},
        "ca": b"pem",
        "wheels": (zip_of({"paho/x": b"1"}),),
        "model": {},
    }
    return Package(**{**usual, **others})  # type: ignore[arg-type]


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(content))


def test_the_zip_holds_the_entry_our_code_the_wheels_and_the_settings() -> None:
    archive = opened(build(packed(model={"model.json": b"{}"})))
    names = set(archive.namelist())
    assert {"lambda_function.py", "config.json", "ca.crt", "paho/x", "model/model.json", "LICENSE"} <= names
    assert {f"edge/deeplens/device/{file.name}" for file in DEVICE.glob("*.py")} - names == {
        "edge/deeplens/device/lambda_function.py"
    }
    assert not any("package" in name or "__pycache__" in name for name in names), "nothing of this side"
    assert json.loads(archive.read("config.json")) == {"MOODLENS_PRODUCER_CAMERA": CAMERA}


def test_the_same_package_is_the_same_zip() -> None:
    assert build(packed()) == build(packed())


def test_a_zip_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "SIZE_MAX", 10_000)
    with pytest.raises(EdgeRefused, match="Lambda takes"):
        build(packed())


def test_what_runs_on_the_device_is_python_3_7() -> None:
    vermin = Path(sys.executable).parent / "vermin"
    command = [str(vermin), "-t=3.7-", "--violations", "--no-tips", str(DEVICE)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    for file in DEVICE.glob("*.py"):
        ast.parse(file.read_text(), feature_version=(3, 7))


def test_what_runs_on_the_device_knows_nothing_of_ours_nor_of_greengrass() -> None:
    imported = set()
    for file in DEVICE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.module
                imported.add(node.module)
    ours = {name for name in imported if name.startswith("edge")}
    assert all(name.startswith("edge.deeplens.device.") for name in ours)
    others = {name.split(".")[0] for name in imported - ours}
    assert others - set(sys.stdlib_module_names) == FROM_ELSEWHERE


def test_the_shipped_model_runs_on_the_last_runtime_for_python_3_7() -> None:
    assert runtime_needed(MODEL) <= package.RUNTIME
    assert set(read_model(SHIPPED_MODEL)) == {"model.json", "model.int8.tflite"}


def test_a_model_with_newer_operators_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_bytes((SHIPPED_MODEL / "model.json").read_bytes())
    newer = MODEL.replace(b"1.14.0\0", b"2.17.0\0")
    assert newer != MODEL
    (tmp_path / "model.int8.tflite").write_bytes(newer)
    with pytest.raises(
        EdgeRefused, match=r"needs TensorFlow Lite 2\.17\.0, for Python 3\.7 the last is 2\.11"
    ):
        read_model(tmp_path)
    with pytest.raises(EdgeRefused, match="no TensorFlow Lite model"):
        runtime_needed(b"something else")
    with pytest.raises(EdgeRefused, match="no int8 model in"):
        read_model(tmp_path / "absent")


def test_a_private_key_never_gets_into_the_zip(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    assert b"CERTIFICATE" in read_ca(tmp_path / "ca.crt")
    authority.private_key_pem.write_to_path(tmp_path / "ca.crt", append=True)
    with pytest.raises(EdgeRefused, match="holds a private key"):
        read_ca(tmp_path / "ca.crt")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(EdgeRefused, match="no certificate"):
        read_ca(tmp_path / "text")
    with pytest.raises(EdgeRefused, match="no such file"):
        read_ca(tmp_path / "absent")


def test_a_wheel_other_than_the_pinned_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "paho_mqtt-2.1.0-py3-none-any.whl").write_bytes(zip_of({"paho/x": b"1"}))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    requirements = tmp_path / "vendored.txt"
    requirements.write_text(f"paho-mqtt==2.1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(EdgeRefused, match=r"pip cannot fetch vendored\.txt: .* DO NOT MATCH THE HASHES"):
        fetch_wheels(requirements)


def test_a_zip_that_was_to_classify_never_sends_crops_instead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fetch(requirements: Path) -> list[bytes]:
        if requirements == FOR_EMOTIONS:
            raise EdgeRefused("the package index does not answer")
        return [zip_of({"paho/x": b"1"})]

    monkeypatch.setattr(package, "fetch_wheels", fetch)
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.crt")
    words = ["--camera", CAMERA, "--host", "store.example", "--ca", f"{tmp_path}/ca.crt", "--classify"]
    monkeypatch.setattr(sys, "argv", ["package", *words, "--out", f"{tmp_path}/camera.zip"])
    with pytest.raises(EdgeRefused, match="does not answer"):
        package.main()
    assert not (tmp_path / "camera.zip").exists()


def test_the_steps_name_the_camera_and_what_no_longer_works() -> None:
    said = instructions(CAMERA, "camera.zip")
    assert "admin enroll shop-1/entrance" in said
    assert "deploys nothing any more" in said
    assert "deeplens-moodlens-shop-1-entrance" in said
