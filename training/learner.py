"""A network in training: weights, their moving average, the optimiser, and one step of all three."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.augment import augment_batch
from training.dataset import Images
from training.models import build_model
from training.recipes import Recipe
from training.targets import ORIGINAL, Targets

State = dict[str, npt.NDArray[Any]]


class Learner:
    """Everything that changes while a run learns; what a run does is decided by the arguments alone.

    Args:
        recipe: how to learn.
        seed: of weights, dropout, order and augmentation.
        precision: Keras data type policy, ``float32`` or ``mixed_bfloat16``.
        images: uint8 (N, 48, 48, 1), what to learn from.
        targets: what to answer.
        teachers: models with the same heads, whose mean answer is ``recipe.teaching`` of the target.
        start: a model of the same shape, whose weights are the first; None: random ones.
    """

    def __init__(
        self,
        recipe: Recipe,
        seed: int,
        precision: str,
        images: Images,
        targets: Targets,
        teachers: Sequence[Any] = (),
        start: Any = None,
    ) -> None:
        keras.utils.set_random_seed(seed)
        keras.config.set_dtype_policy(precision)
        self.recipe = recipe
        self.seed = seed
        self.batch_size = min(recipe.batch_size, len(images))
        self.steps = count_steps(len(images), recipe.batch_size)
        self._images = tf.constant(images)
        self._targets = tf.constant(_smooth(targets, recipe.smoothing))
        self._teachers = teachers
        self._model = build_model(recipe, targets.heads)
        if start:
            self._model.set_weights(start.get_weights())
        self._optimiser = _build_optimiser(recipe)
        self._optimiser.build(self._model.trainable_variables)
        self._average = build_model(recipe, targets.heads) if recipe.averaging else None
        if self._average:
            self._average.set_weights(self._model.get_weights())
        self._step = tf.function(self._take_step)

    @property
    def scored(self) -> Any:
        """The keras.Model to judge and to ship: the moving average, where the recipe has one."""
        return self._average or self._model

    def run_epoch(self, epoch: int) -> Iterator[tuple[float, float]]:
        """Learn once from what fills whole batches, in an order and with changes that seed and epoch decide.

        Args:
            epoch: counted from 0.

        Yields:
            After each step, of the shipped head, the mean cross-entropy (nats) and the share of the images
            whose largest logit is the target's largest share.
        """
        first = epoch * self.steps
        for step, (images, targets) in enumerate(self._load_batches(epoch), start=first):
            rate = schedule_rate(self.recipe, step / (self.recipe.epochs * self.steps))
            decay = min(self.recipe.averaging, (1 + step) / (10 + step))  # the first weights soon forgotten
            loss, right = self._step(images, targets, tf.constant(rate), tf.constant(decay))
            yield float(loss), float(right)

    def read_state(self) -> State:
        """Everything that a resumed run needs, by name."""
        return {name: np.asarray(variable) for name, variable in self._name_variables()}

    def restore_state(self, state: State) -> None:
        """Take over what ``read_state`` gave.

        Raises:
            KeyError, ValueError: it is of another recipe.
        """
        for name, variable in self._name_variables():
            variable.assign(state[name])

    def _name_variables(self) -> Iterator[tuple[str, Any]]:
        parts = {"model": self._model, "optimiser": self._optimiser, "average": self._average}
        for part, owner in parts.items():
            for place, variable in enumerate(owner.variables if owner else ()):
                # by place: Keras's names count the layers that this process has made
                yield f"{part}/{place:03}", variable

    def _load_batches(self, epoch: int) -> Any:
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self._images))
        order = order[: self.steps * self.batch_size].reshape(self.steps, self.batch_size)
        numbered = tf.data.Dataset.from_tensor_slices(order.astype(np.int32)).enumerate(epoch * self.steps)
        return numbered.map(self._load_batch).prefetch(2)

    def _load_batch(self, step: Any, places: Any) -> tuple[Any, Any]:
        seed = tf.stack([self.seed, tf.cast(step, tf.int32)])
        images, targets = tf.gather(self._images, places), tf.gather(self._targets, places)
        return augment_batch(images, seed) if self.recipe.augment else tf.cast(images, tf.float32), targets

    def _take_step(self, images: Any, targets: Any, rate: Any, decay: Any) -> tuple[Any, Any]:
        if self._teachers:
            taught = tf.add_n([tf.nn.softmax(teacher(images, training=False)) for teacher in self._teachers])
            share = self.recipe.teaching
            targets = (1 - share) * targets + share * taught / len(self._teachers)
        weights = self._model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self._model(images, training=True)
            losses = tf.reduce_mean(tf.reduce_sum(-targets * tf.nn.log_softmax(logits), axis=2), axis=0)
            loss = tf.reduce_sum(losses)
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        decayed = [
            gradient + self.recipe.weight_decay * weight if weight.name == "kernel" else gradient
            for gradient, weight in zip(gradients, weights, strict=True)
        ]
        self._optimiser.learning_rate.assign(rate)
        self._optimiser.apply(decayed, weights)
        if self._average:
            for average, now in zip(self._average.weights, self._model.weights, strict=True):
                average.assign_sub((average - now) * (1.0 - decay))
        is_right = tf.argmax(logits[:, 0], axis=1) == tf.argmax(targets[:, 0], axis=1)
        return losses[0], tf.reduce_mean(tf.cast(is_right, tf.float32))


def count_steps(images: int, batch_size: int) -> int:
    """Steps of an epoch: whole batches, as the few images of a last one would weigh as much as many.

    Each epoch leaves others out.

    Args:
        images: to learn from; where they fill no batch, they are one.
        batch_size: images a step.
    """
    return max(1, images // batch_size)


def schedule_rate(recipe: Recipe, progress: float) -> float:
    """The learning rate once the given share of the run, in [0, 1], is done."""
    rising = 1 / 6
    if recipe.optimiser == "adam":
        return recipe.learning_rate
    if progress < rising:
        return recipe.learning_rate * (0.04 + 0.96 * progress / rising)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * (progress - rising) / (1 - rising)))


def _build_optimiser(recipe: Recipe) -> Any:
    if recipe.optimiser == "adam":
        return keras.optimizers.Adam(recipe.learning_rate)
    return keras.optimizers.SGD(recipe.learning_rate, momentum=0.9, nesterov=True)


def _smooth(targets: Targets, share: float) -> npt.NDArray[np.float32]:
    """Spread a share of the data set's own labels over all; votes are spread already."""
    smoothed = targets.distributions.copy()
    own = targets.heads.index(ORIGINAL)
    smoothed[:, own] = (1 - share) * smoothed[:, own] + share / smoothed.shape[2]
    return smoothed
