"""Batch normalization in one operation, forward and backward."""

from typing import Any

import keras
import tensorflow as tf


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]  # Keras has no types
    """Keras's batch normalization over the channels of (N, H, W, C), by TensorFlow's fused operation.

    The same variables and results. In mixed precision Keras computes mean and variance in many float32 steps;
    fused, a training step of ``moodnet`` takes 0.55 of the time (2 cores, bfloat16), if the number of
    channels is a multiple of 16.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:  # noqa: ARG002
        """Normalize by the batch and take note of its mean and variance, or by what was noted."""
        is_training = bool(training)
        nothing = tf.zeros([0])
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma.value,
            offset=self.beta.value,
            mean=nothing if is_training else self.moving_mean.value,
            variance=nothing if is_training else self.moving_variance.value,
            epsilon=self.epsilon,
            is_training=is_training,
        )
        if is_training:
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + now * (1.0 - self.momentum))
        return outputs
