import math

import cv2
import numpy as np
import pytest

from contract.labels import CROP_SIDE
from producer.detection import Detection
from producer.framing import LANDMARKS_AT, crop_face, frame_to_crop, is_frontal, roll_rad, yaw_deg

BOX = (100.0, 60.0, 80.0, 100.0)


def placed(scale: float, turn_deg: float = 0.0, at: tuple[float, float] = (200.0, 150.0)) -> np.ndarray:
    """The landmarks of a FER-2013 face whose crop would be ``scale`` pixels wide, turned and moved."""
    turn = math.radians(turn_deg)
    rotation = np.array([(math.cos(turn), -math.sin(turn)), (math.sin(turn), math.cos(turn))])
    return np.asarray((LANDMARKS_AT - 0.5) @ rotation.T * scale + at, np.float32)


def head(yaw: float, nod: float = 0.0, tilt_deg: float = 0.0) -> np.ndarray:
    """Landmarks of a head of plausible depth (the nose 0.6 eye distances before the face), seen from afar."""
    points = np.array([(-0.5, 0, 0), (0.5, 0, 0), (0, 0.6, 0.6), (-0.4, 1, 0), (0.4, 1, 0)], np.float64)
    a, b, c = math.radians(yaw), math.radians(nod), math.radians(tilt_deg)
    around_y = np.array([(math.cos(a), 0, math.sin(a)), (0, 1, 0), (-math.sin(a), 0, math.cos(a))])
    around_x = np.array([(1, 0, 0), (0, math.cos(b), -math.sin(b)), (0, math.sin(b), math.cos(b))])
    around_z = np.array([(math.cos(c), -math.sin(c), 0), (math.sin(c), math.cos(c), 0), (0, 0, 1)])
    seen = points @ (around_z @ around_x @ around_y).T
    return np.asarray(seen[:, :2] * 50 + 300, np.float32)


def pixels(crop: bytes) -> np.ndarray:
    return np.frombuffer(crop, np.uint8).reshape(CROP_SIDE, CROP_SIDE)


@pytest.mark.parametrize("turn_deg", [-40.0, 0.0, 15.0, 90.0])
@pytest.mark.parametrize("scale", [20.0, 48.0, 300.0])
def test_landmarks_land_where_those_of_fer_2013_lie(scale: float, turn_deg: float) -> None:
    landmarks = placed(scale, turn_deg)
    affine = frame_to_crop(Detection(BOX, 0.9, landmarks))
    np.testing.assert_allclose(landmarks @ affine[:, :2].T + affine[:, 2], LANDMARKS_AT, atol=1e-4)


@pytest.mark.parametrize("turn_deg", [-30.0, 0.0, 25.0])
def test_a_dot_on_the_eye_is_a_dot_at_the_place_of_the_eye(turn_deg: float) -> None:
    landmarks = placed(240.0, turn_deg)
    frame = np.zeros((300, 400), np.uint8)
    for x, y in landmarks:
        cv2.circle(frame, (round(x * 16 - 8), round(y * 16 - 8)), 4 * 16, 255, -1, shift=4)
    crop = pixels(crop_face(frame, Detection(BOX, 0.9, landmarks)))
    count, _, _, centres = cv2.connectedComponentsWithStats((crop > 60).astype(np.uint8))
    assert count == 1 + len(LANDMARKS_AT)
    found = (np.array(sorted(map(tuple, centres[1:]))) + 0.5) / CROP_SIDE
    np.testing.assert_allclose(found, np.array(sorted(map(tuple, LANDMARKS_AT))), atol=0.01)


def test_without_landmarks_the_crop_is_a_square_as_high_as_the_box_around_its_middle() -> None:
    affine = frame_to_crop(Detection(BOX, 0.9, None))
    corners = np.array([(140 - 50, 60), (140 + 50, 160), (140, 110)], np.float64)
    mapped = corners @ affine[:, :2].T + affine[:, 2]
    np.testing.assert_allclose(mapped, [(0, 0), (1, 1), (0.5, 0.5)], atol=1e-9)


def test_landmarks_in_one_point_fall_back_to_the_box() -> None:
    nowhere = np.full((5, 2), 120.0, np.float32)
    assert np.array_equal(
        frame_to_crop(Detection(BOX, 0.9, nowhere)), frame_to_crop(Detection(BOX, 0.9, None))
    )


def test_a_crop_of_the_frame_itself_changes_no_pixel() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (CROP_SIDE, CROP_SIDE), np.uint8)
    whole = Detection((0.0, 0.0, CROP_SIDE, CROP_SIDE), 0.9, None)
    assert np.array_equal(pixels(crop_face(frame, whole)), frame)


def test_a_large_face_is_averaged_and_not_sampled() -> None:
    checks = (np.indices((480, 480)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = pixels(crop_face(checks, Detection((0.0, 0.0, 480.0, 480.0), 0.9, None)))
    assert abs(crop.astype(int) - 127).max() <= 2


def test_beyond_the_frame_its_edge_goes_on() -> None:
    frame = np.full((100, 100), 200, np.uint8)
    crop = pixels(crop_face(frame, Detection((-40.0, -40.0, 80.0, 80.0), 0.9, None)))
    assert crop.min() == 200


@pytest.mark.parametrize("yaw", [-60.0, -26.0, -20.0, 0.0, 20.0, 26.0, 60.0])
@pytest.mark.parametrize("tilt_deg", [-30.0, 0.0, 30.0])
def test_yaw_is_read_from_the_nose_whatever_the_tilt(yaw: float, tilt_deg: float) -> None:
    landmarks = head(yaw, tilt_deg=tilt_deg)
    assert yaw_deg(landmarks) == pytest.approx(yaw, abs=0.1)
    assert is_frontal(Detection(BOX, 0.9, landmarks)) is (abs(yaw) <= 25)


@pytest.mark.parametrize("nod", [-20.0, 20.0])
def test_a_nod_does_not_look_like_a_turn(nod: float) -> None:
    assert yaw_deg(head(0.0, nod)) == pytest.approx(0.0, abs=0.1)
    assert yaw_deg(head(20.0, nod)) == pytest.approx(20.0, abs=8.0)


def test_without_landmarks_nobody_knows_who_is_frontal() -> None:
    assert is_frontal(Detection(BOX, 0.9, None)) is None


def test_eyes_in_one_point_are_a_profile() -> None:
    landmarks = head(0.0)
    landmarks[1] = landmarks[0]
    assert is_frontal(Detection(BOX, 0.9, landmarks)) is False


def test_roll_is_the_turn_that_makes_a_face_upright() -> None:
    assert math.degrees(roll_rad(placed(100.0, -20.0))) == pytest.approx(20.0, abs=0.01)
