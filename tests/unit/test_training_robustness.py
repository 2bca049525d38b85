import numpy as np
import pytest

from training.dataset import Images
from training.evaluate import NO_LABEL, Logits
from training.robustness import DEGRADATIONS, measure_robustness


def draw_faces(n: int = 12) -> Images:
    """Ovals with two eyes and a mouth, before a grey gradient: smooth, and left unlike right."""
    y, x = np.mgrid[0:48, 0:48] / 47
    faces = []
    for seed in range(n):
        rng = np.random.default_rng(seed)
        face = 60 + 60 * x + 100 * (((x - 0.5) / 0.35) ** 2 + ((y - 0.5) / 0.45) ** 2 < 1)
        for at_x, at_y in ((0.33, 0.4), (0.67, 0.4), (0.5, 0.75)):
            face -= 90 * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / rng.uniform(0.002, 0.008))
        faces.append(face.clip(0, 255).astype(np.uint8))
    return np.stack(faces)[..., np.newaxis]


FACES = draw_faces()


def change(name: str) -> float:
    """Mean change of a pixel, in grey levels."""
    return float(np.abs(DEGRADATIONS[name](FACES, 1).astype(float) - FACES).mean())


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_crops_stay_crops_and_the_same_seed_gives_the_same(name: str) -> None:
    before = FACES.copy()
    degraded = DEGRADATIONS[name](FACES, 1)
    assert degraded.shape == FACES.shape
    assert degraded.dtype == np.uint8
    np.testing.assert_array_equal(degraded, DEGRADATIONS[name](FACES, 1))
    np.testing.assert_array_equal(FACES, before)


def test_the_fewer_pixels_a_face_arrives_with_the_less_is_left_of_it() -> None:
    assert change("arriving_at_48_px") == 0
    assert 0 < change("arriving_at_96_px") < change("arriving_at_32_px") < change("arriving_at_24_px")
    assert change("arriving_at_24_px") < 10


def test_a_face_of_24_pixels_has_no_detail_below_two() -> None:
    checks = np.zeros((1, 48, 48, 1), np.uint8)
    checks[:, ::2, ::2], checks[:, 1::2, 1::2] = 255, 255
    assert np.ptp(DEGRADATIONS["arriving_at_24_px"](checks, 1)) == 0


def test_stronger_compression_takes_more_away() -> None:
    assert 0 < change("jpeg_q50") < change("jpeg_q20")


def test_rolls_are_mirror_images_of_each_other() -> None:
    mirrored = DEGRADATIONS["roll_plus_15"](np.ascontiguousarray(FACES[:, :, ::-1]), 1)[:, :, ::-1]
    difference = np.abs(mirrored.astype(float) - DEGRADATIONS["roll_minus_15"](FACES, 1))
    assert difference.mean() < 1


def test_a_head_that_rolls_anticlockwise_has_its_right_side_up() -> None:
    face = np.zeros((1, 48, 48, 1), np.uint8)
    face[:, 23:25, 36:] = 255  # a line from the middle to the right
    rows = np.nonzero(DEGRADATIONS["roll_plus_15"](face, 1)[0, :, 44, 0])[0]
    assert rows.mean() == pytest.approx(23.5 - np.tan(np.deg2rad(15)) * 20.5, abs=0.7)


def test_faces_are_put_off_the_middle_by_a_tenth_in_eight_directions() -> None:
    dot = np.zeros((200, 48, 48, 1), np.uint8)
    dot[:, 23:25, 23:25] = 200
    moved = DEGRADATIONS["off_centre_10_percent"](dot, 1)[..., 0].astype(float)
    y, x = np.mgrid[0:48, 0:48] - 23.5
    weight = moved.sum(axis=(1, 2))
    moves = np.stack(((moved * x).sum(axis=(1, 2)), (moved * y).sum(axis=(1, 2))), axis=1) / weight[:, None]
    np.testing.assert_allclose(np.linalg.norm(moves, axis=1), 4.8, atol=0.1)
    directions = np.round(np.arctan2(moves[:, 1], moves[:, 0]) / (np.pi / 4)).astype(int) % 8
    assert len(set(directions)) == 8


def test_a_dim_picture_is_dark_and_noisy() -> None:
    grey = np.full((20, 48, 48, 1), 125, np.uint8)
    degraded = DEGRADATIONS["darker"](grey, 1)
    assert degraded.mean() == pytest.approx(50, abs=0.2)
    assert degraded.std() == pytest.approx(np.sqrt(0.5 * 50 + 2**2), abs=0.2)


def test_a_blurred_edge_is_as_wide_as_the_blur() -> None:
    edge = np.zeros((1, 48, 48, 1), np.uint8)
    edge[:, :, 24:] = 255
    steps = np.diff(DEGRADATIONS["blur"](edge, 1)[0, 24, :, 0].astype(float))
    at = np.arange(47) - 23
    assert np.sqrt((steps * at**2).sum() / steps.sum()) == pytest.approx(1.5, abs=0.1)


def test_low_contrast_keeps_the_mean_and_takes_the_spread() -> None:
    degraded = DEGRADATIONS["contrast_low"](FACES, 1)
    np.testing.assert_allclose(degraded.mean(axis=(1, 2, 3)), FACES.mean(axis=(1, 2, 3)), atol=0.5)
    np.testing.assert_allclose(degraded.std(axis=(1, 2, 3)), 0.4 * FACES.std(axis=(1, 2, 3)), rtol=0.02)


def read_brightness(images: Images) -> Logits:
    """A model that knows light faces (*happy*) from dark ones (*angry*), and nothing else."""
    is_light = images.mean(axis=(1, 2, 3)) > 100
    return np.eye(7, dtype=np.float32)[np.where(is_light, 3, 0)]


def test_a_model_is_scored_under_each_degradation_on_the_images_with_a_label() -> None:
    labels = np.full(len(FACES), 3)
    labels[0] = NO_LABEL
    accuracies = measure_robustness(read_brightness, FACES, labels, seed=1)
    assert list(accuracies) == list(DEGRADATIONS)
    assert accuracies.pop("darker") == 0.0
    assert set(accuracies.values()) == {1.0}
