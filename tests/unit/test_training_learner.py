from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from training.augment import augment_batch
from training.errors import DatasetError, RunError
from training.fit import FitListener, Lesson, fit, judge
from training.learner import Learner, count_steps, schedule_rate
from training.lite import predict_keras
from training.models import build_model
from training.recipes import MOODNET, REPORT_CNN, Recipe, change_recipe
from training.runs import History, RunFolder, RunSettings
from training.targets import Targets

SMALL = change_recipe(MOODNET, ["width=8", "batch_size=16", "epochs=4", "averaging=0.9"])
IMAGES = np.random.default_rng(1).integers(0, 256, (40, 48, 48, 1), dtype=np.uint8)
PLACES = np.arange(40) % 7
OWN = np.eye(7, dtype=np.float32)[PLACES]
TARGETS = Targets(("ferplus", "original"), np.stack([OWN, OWN], axis=1), np.stack([PLACES, PLACES], axis=1))


def make_learner(
    recipe: Recipe = SMALL, targets: Targets = TARGETS, teachers: tuple[object, ...] = ()
) -> Learner:
    return Learner(recipe, 1, "float32", IMAGES, targets, teachers)


def run_epochs(learner: Learner, *epochs: int) -> list[float]:
    return [loss for epoch in epochs for loss, _ in learner.run_epoch(epoch)]


def test_the_loss_falls() -> None:
    losses = run_epochs(make_learner(change_recipe(SMALL, ["augment=false", "epochs=12"])), *range(12))
    assert np.mean(losses[-4:]) < 0.6 * np.mean(losses[:4])


@pytest.mark.parametrize(
    "recipe", [SMALL, change_recipe(REPORT_CNN, ["batch_size=16"])], ids=["moodnet", "report"]
)
def test_a_resumed_run_takes_the_steps_of_one_that_was_never_stopped(recipe: Recipe) -> None:
    unstopped = make_learner(recipe)
    before = run_epochs(unstopped, 0)
    state = unstopped.read_state()
    after = run_epochs(unstopped, 1)
    resumed = make_learner(recipe)
    resumed.restore_state(state)
    np.testing.assert_allclose(run_epochs(resumed, 1), after, rtol=1e-3)
    assert not np.allclose(before, after, rtol=1e-3)
    np.testing.assert_allclose(
        predict_keras(resumed.scored, IMAGES), predict_keras(unstopped.scored, IMAGES), atol=2e-2
    )


@pytest.mark.parametrize(("batch_size", "steps"), [(16, 2), (20, 2), (64, 1)])
def test_an_epoch_has_the_steps_that_the_progress_bar_counts(batch_size: int, steps: int) -> None:
    learner = make_learner(change_recipe(SMALL, [f"batch_size={batch_size}"]))
    assert len(run_epochs(learner, 0)) == steps == count_steps(len(IMAGES), batch_size)


def test_a_state_of_another_recipe_does_not_fit() -> None:
    state = make_learner().read_state()
    with pytest.raises((KeyError, ValueError)):
        make_learner(change_recipe(SMALL, ["width=16"])).restore_state(state)


def test_what_is_scored_is_the_moving_average_where_the_recipe_has_one() -> None:
    averaged, plain = make_learner(), make_learner(change_recipe(SMALL, ["averaging=0"]))
    for learner in (averaged, plain):
        run_epochs(learner, 0)
    one, other = (predict_keras(learner.scored, IMAGES) for learner in (averaged, plain))
    assert np.abs(one - other).max() > 0.01


def test_an_image_without_votes_teaches_its_own_label_alone() -> None:
    shares = TARGETS.distributions.copy()
    shares[:, 0] = 0
    learner = make_learner(targets=Targets(TARGETS.heads, shares, TARGETS.majorities))
    run_epochs(learner, 0)
    fresh = build_model(SMALL, TARGETS.heads)
    state = learner.read_state()
    place = next(i for i, variable in enumerate(fresh.variables) if variable.path == "ferplus/bias")
    assert not state[f"model/{place:03}"].any()


def test_a_student_learns_what_its_teacher_says() -> None:
    teacher = build_model(SMALL, TARGETS.heads)
    said = np.full(7, -3.0, np.float32)
    said[2] = 3.0
    for head in TARGETS.heads:
        layer = teacher.get_layer(head)
        layer.set_weights([np.zeros(layer.kernel.shape, np.float32), said])
    recipe = change_recipe(SMALL, ["teaching=1.0", "epochs=10", "augment=false"])
    learner = make_learner(recipe, teachers=(teacher,))
    run_epochs(learner, *range(10))
    assert (predict_keras(learner.scored, IMAGES).argmax(axis=2) == 2).mean() > 0.95


def test_a_run_whose_loss_is_no_number_ends_and_leaves_a_history_that_can_be_read(tmp_path: Path) -> None:
    recipe = change_recipe(SMALL, ["learning_rate=1e30", "augment=false"])
    settings = RunSettings(recipe, TARGETS.heads, 1, "float32", "0" * 64)
    lesson, folder = Lesson(IMAGES, TARGETS), RunFolder(tmp_path)
    with pytest.raises(RunError, match="no number any more after epoch 1: give a lower learning_rate"):
        fit(lesson, lesson, settings, folder, FitListener())
    assert folder.read_history() == History()


def test_the_rate_rises_for_a_sixth_of_the_run_and_falls_to_zero() -> None:
    rates = [schedule_rate(SMALL, progress / 60) for progress in range(61)]
    assert rates[10] == max(rates) == SMALL.learning_rate
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0)


def test_the_reports_rate_is_constant() -> None:
    assert {schedule_rate(REPORT_CNN, progress) for progress in (0, 0.5, 1)} == {1e-4}


def test_the_validation_scores_are_those_of_the_shipped_head() -> None:
    logits = np.zeros((3, 2, 7), np.float32)
    logits[:, 0] = np.log(np.array([0.7, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05]))
    shares = np.zeros((3, 2, 7), np.float32)
    shares[0, 0, 0] = shares[1, 0, 1] = 1
    majorities = np.array([[0, 6], [1, 6], [-1, 6]])
    loss, accuracy = judge(logits, Targets(("ferplus", "original"), shares, majorities))
    assert loss == pytest.approx(-(np.log(0.7) + np.log(0.05)) / 2, rel=1e-5)
    assert accuracy == 0.5

    majorities[:, 0] = -1
    with pytest.raises(DatasetError, match="none of the 3 images has a label"):
        judge(logits, Targets(("ferplus", "original"), shares, majorities))


def augment(images: np.ndarray, seed: int) -> np.ndarray:
    return np.asarray(augment_batch(tf.constant(images), tf.constant([seed, 0])))


def test_augmented_images_are_grey_levels_of_the_same_shape() -> None:
    changed = augment(IMAGES, 1)
    assert (changed.dtype.name, changed.shape) == ("float32", IMAGES.shape)
    assert changed.min() >= 0
    assert changed.max() <= 255


def test_the_same_seed_makes_the_same_changes_and_another_makes_others() -> None:
    np.testing.assert_array_equal(augment(IMAGES, 1), augment(IMAGES, 1))
    assert (augment(IMAGES, 1) != augment(IMAGES, 2)).any(axis=(1, 2, 3)).all()


def locate(images: np.ndarray) -> np.ndarray:
    """Centre of the light, x and y as shares of the side."""
    light = images[..., 0].astype(np.float64)
    places = (np.arange(48) + 0.5) / 48
    total = light.sum(axis=(1, 2))
    return np.stack([(light.sum(axis=1) @ places) / total, (light.sum(axis=2) @ places) / total], axis=1)


@pytest.mark.parametrize("measure", [np.median, np.mean])
def test_a_face_in_the_middle_stays_there_on_average(measure: Callable[..., np.ndarray]) -> None:
    spot = np.zeros((400, 48, 48, 1), np.uint8)
    spot[:, 20:28, 20:28] = 255
    assert measure(np.abs(measure(locate(augment(spot, 3)), axis=0) - 0.5)) < 0.02
