"""A DeepLens on its own: its lens, its settings, its model, its stream."""

import base64
import fcntl
import os
import ssl
import stat
import sys
import termios
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import trustme

from classifier_worker.settings import SHIPPED_MODEL
from contract.labels import CROP_SIDE
from edge.deeplens.device import lens as lens_module
from edge.deeplens.device.camera import Camera
from edge.deeplens.device.emotions import Classifier
from edge.deeplens.device.errors import ClassifierUnusable, ClockWentBack, LensUnusable, SettingsError
from edge.deeplens.device.events import FaceCrop, FaceEmotions, FrameEmotions, FrameFaces
from edge.deeplens.device.lens import Lens
from edge.deeplens.device.reporter import Reporter
from edge.deeplens.device.settings import load_settings
from edge.deeplens.device.stream import ProjectStream, draw
from runtime.classifier import Classifier as WorkersClassifier
from tests.support.deeplens import FAKES
from tests.support.events import CAMERA, SESSION, crop
from tests.support.logs import said
from tests.support.services import eventually

PICTURE = np.full((240, 320, 3), 90, np.uint8)
SECRET = "not-for-eyes"  # noqa: S105
HAPPY = FaceEmotions(0, "", (0.25, 0.25, 0.25, 0.5), 0.9, None, (0.0, 0.0, 0.0, 0.9, 0.1, 0.0, 0.0))


class Awscam:
    """The device's module, saying what a test wants."""

    def __init__(self, frame: Any = PICTURE, found: list[dict[str, Any]] | None = None) -> None:
        self.frame = frame
        self.found = found or []

    def getLastFrame(self) -> tuple[bool, Any]:  # noqa: N802
        return True, self.frame

    def Model(self, path: str, _options: dict[str, int]) -> "Awscam":  # noqa: N802
        if "missing" in path:
            raise ValueError("no such file")
        return self

    def doInference(self, image: Any) -> Any:  # noqa: N802
        assert image.shape == (300, 300, 3)
        return self.found

    def parseResult(self, kind: str, answer: Any) -> dict[str, Any]:  # noqa: N802
        return {kind: answer}


def found(label: object = 1, prob: float = 0.9, xmin: float = 30.0, width: float = 60.0) -> dict[str, Any]:
    return {"label": label, "prob": prob, "xmin": xmin, "xmax": xmin + width, "ymin": 75, "ymax": 150}


def lens(awscam: Awscam) -> Lens:
    return Lens(awscam, "face.xml", score_min=0.5, face_min_px=12)


@pytest.mark.parametrize("label", [1, "1", 1.0, "face"])
def test_a_face_lies_where_the_model_saw_it_however_it_is_called(label: object) -> None:
    seen = lens(Awscam(found=[found(label)])).look()
    assert seen is not None
    assert [tuple(round(side) for side in one.box) for one in seen[1]] == [(32, 60, 64, 60)]


def test_what_is_no_face_not_sure_too_small_or_no_number_is_left_out() -> None:
    odd = [found(2), found(prob=0.4), found(width=0), found(xmin=float("nan")), {**found(), "ymax": 80}]
    assert lens(Awscam(found=odd)).look() == (PICTURE, [])


@pytest.mark.parametrize(
    "frame", [None, PICTURE[:, :, 0], PICTURE.astype(float), PICTURE[:0], "picture"], ids=str.__class__
)
def test_what_is_no_picture_is_not_looked_at(frame: Any, caplog: pytest.LogCaptureFixture) -> None:
    eye = lens(Awscam(frame))
    assert eye.look() is eye.look() is None
    assert len(said(caplog, lens_module)) == 1, "and told once"


def test_answers_that_nobody_understands_are_a_failure_of_the_lens_and_no_end() -> None:
    assert lens(Awscam(found=[{"label": 1}])).look() is None


def test_a_model_that_does_not_load_is_told_in_one_line() -> None:
    with pytest.raises(LensUnusable, match=r"does not load missing\.xml: no such file"):
        Lens(Awscam(), "missing.xml", 0.5, 12)


def test_a_clock_set_back_ends_a_session() -> None:
    camera = Camera(CAMERA, SESSION, Reporter(CAMERA, SESSION, 5.0, "x", 60_000), 60_000)
    camera.see(PICTURE, [], 59_000)  # waited for
    with pytest.raises(ClockWentBack, match="went back by 10 s"):
        camera.quiet(50_000)


@pytest.fixture
def authority() -> bytes:
    return trustme.CA().cert_pem.bytes()


@pytest.fixture
def given(tmp_path: Path, authority: bytes) -> dict[str, str]:
    (tmp_path / "ca.crt").write_bytes(authority)
    return {"MOODLENS_PRODUCER_CAMERA": CAMERA, "MOODLENS_MQTT_HOST": "broker.example"}


def test_settings_come_from_the_zip_the_cameras_own_file_and_the_environment(
    tmp_path: Path, given: dict[str, str], authority: bytes
) -> None:
    (tmp_path / "config.json").write_text('{"MOODLENS_MQTT_PORT": 1, "MOODLENS_MQTT_HOST": "zip"}')
    own = tmp_path / "camera.env"
    der = base64.b64encode(ssl.PEM_cert_to_DER_cert(authority.decode())).decode()
    own.write_text(
        f"# of admin enroll\nMOODLENS_MQTT_PORT=2\nMOODLENS_MQTT_CA={der}\nMOODLENS_MQTT_PASSWORD={SECRET}\n"
    )
    own.chmod(0o600)
    (tmp_path / "ca.crt").unlink()
    settings = load_settings(str(tmp_path), {**given, "MOODLENS_DEEPLENS_ENV_FILE": str(own), "PATH": "/"})
    assert (settings.host, settings.port, settings.username) == ("broker.example", 2, CAMERA)
    assert settings.password == SECRET
    assert SECRET not in repr(settings)
    assert ssl.PEM_cert_to_DER_cert(settings.ca) == ssl.PEM_cert_to_DER_cert(authority.decode())


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("MOODLENS_PRODUCER_CAMERA", "Shop 1", "is not site/camera"),
        ("MOODLENS_MQTT_HOST", "", "is missing"),
        ("MOODLENS_MQTT_PORT", SECRET, "not a number from 1 to 65535"),
        ("MOODLENS_PRODUCER_FPS", "nan", "not a number from"),
        ("MOODLENS_PRODUCER_CLASSIFY", "maybe", "neither true nor false"),
        ("MOODLENS_MQTT_CA_FILE", "absent", "No such file"),
        ("MOODLENS_MQTT_CA", "AAAA", "no certificate"),
        ("MOODLENS_DEEPLENS_ENV_FILE", "/absent", "cannot read /absent"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    tmp_path: Path, given: dict[str, str], name: str, value: str, why: str
) -> None:
    with pytest.raises(SettingsError, match=f"{name}.*{why}") as error:
        load_settings(str(tmp_path), {**given, name: value})
    assert SECRET not in str(error.value)


def test_a_password_that_others_may_read_is_refused(tmp_path: Path, given: dict[str, str]) -> None:
    own = tmp_path / "camera.env"
    own.write_text(f"MOODLENS_MQTT_PASSWORD={SECRET}\n")
    own.chmod(0o640)
    with pytest.raises(SettingsError, match=r"others may read .*chmod 600"):
        load_settings(str(tmp_path), {**given, "MOODLENS_DEEPLENS_ENV_FILE": str(own)})


def frame_with(*crops: bytes) -> FrameFaces:
    faces = tuple(FaceCrop(i, "", HAPPY.box, 0.9, None, pixels) for i, pixels in enumerate(crops))
    return FrameFaces(1, CAMERA, SESSION, 7, 1000, 200, faces)


def test_a_device_reads_faces_as_workers_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FAKES))
    crops = [crop(seed) for seed in range(8)]
    read = Classifier(str(SHIPPED_MODEL)).classify(frame_with(*crops), now_ms=1045)
    worker = WorkersClassifier(SHIPPED_MODEL, "int8", threads=1, batch_faces=8)
    pixels = np.frombuffer(b"".join(crops), np.uint8).reshape(-1, CROP_SIDE, CROP_SIDE)
    np.testing.assert_allclose(
        [face.probabilities for face in read.faces], worker.classify(pixels), atol=2e-6
    )
    assert (read.model, read.classified_at_ms, read.frame) == (worker.card.version, 1045, 7)


def test_a_device_that_cannot_classify_says_so_and_sends_no_face_instead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "tflite_runtime.interpreter", None)
        with pytest.raises(ClassifierUnusable, match="does not load"):
            Classifier(str(SHIPPED_MODEL))
    monkeypatch.syspath_prepend(str(FAKES))
    with pytest.raises(ClassifierUnusable, match="no model in"):
        Classifier(str(tmp_path))
    (tmp_path / "model.json").write_bytes((SHIPPED_MODEL / "model.json").read_bytes())
    (tmp_path / "model.int8.tflite").write_bytes(b"changed")
    with pytest.raises(ClassifierUnusable, match="not the one its card describes"):
        Classifier(str(tmp_path))


def test_boxes_and_words_are_drawn_on_the_stream_and_on_no_frame() -> None:
    before = PICTURE.copy()
    plain = picture(draw(PICTURE, None))
    boxed = picture(draw(PICTURE, frame_with(crop())))
    named = picture(draw(PICTURE, FrameEmotions(1, CAMERA, SESSION, 7, 1000, 200, "m", 1045, (HAPPY,))))
    assert np.array_equal(PICTURE, before)
    assert plain.std() < 1
    word = (slice(90, 116), slice(160, 240))  # above the box, from its left edge
    assert green(boxed) > 200
    assert green(boxed[word]) == 0
    assert green(named[word]) > 50


def picture(jpeg: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def green(image: Any) -> int:
    return int((image[:, :, 1].astype(int) - image[:, :, 0] > 80).sum())


@pytest.mark.timeout(60)  # who waits for a reader waits for ever
def test_a_stream_that_nobody_reads_or_only_opens_holds_nothing_up(tmp_path: Path) -> None:
    path = tmp_path / "results.mjpeg"
    stream = ProjectStream(str(path))
    stream.start()
    eventually(path.exists, 5, "the FIFO")
    assert stat.S_ISFIFO(path.stat().st_mode)
    noise = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
    for _ in range(50):
        stream.show(noise, None)
    reader = os.open(path, os.O_RDONLY)  # and then reads nothing: the pipe is full after the first picture

    def waiting() -> int:
        stream.show(noise, None)
        return int.from_bytes(fcntl.ioctl(reader, termios.FIONREAD, bytes(4)), sys.byteorder)

    eventually(waiting, what="bytes of the first picture")
    for _ in range(50):
        stream.show(noise, None)
    assert waiting() < len(draw(noise, None)), "the rest of the picture waits for its reader"
    os.close(reader)


def test_a_file_in_the_streams_place_gets_no_picture(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "results.mjpeg"
    path.touch()
    stream = ProjectStream(str(path))
    stream.start()
    eventually(lambda: "it is no FIFO" in caplog.text, 5, "the refusal")
    stream.show(PICTURE, None)
    assert path.read_bytes() == b""
