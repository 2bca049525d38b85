"""How each architecture is trained: a set of numbers, each of which the command line can change."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from training.errors import RunError

Positive = Annotated[float, msgspec.Meta(gt=0)]
Fraction = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What decides the outcome of a run, besides the data and the seed.

    Attributes:
        architecture: name in ``training.models.MODELS``.
        epochs: passes over the training images.
        batch_size: images a step.
        optimiser: ``adam``, at a constant rate; or ``one-cycle``: SGD with Nesterov momentum 0.9, the rate
            rising to ``learning_rate`` over a sixth of the run and falling to zero as a cosine (after Smith
            2018, who also lets the momentum move).
        learning_rate: highest rate.
        weight_decay: added to the gradient of every kernel, times the kernel.
        smoothing: share of a one-hot label that is spread over all classes.
        averaging: decay a step of the exponential moving average of the weights that is scored, saved and
            exported; 0: the weights themselves.
        augment: whether ``training.augment`` changes each image anew in each epoch.
        teaching: share of the target that is the mean answer of the teachers, where there are any.
        width: channels of the first stage of ``moodnet`` and ``teacher``; their other stages have multiples.
        dropout: of their features.
    """

    architecture: str
    epochs: Count
    batch_size: Count
    optimiser: Literal["adam", "one-cycle"]
    learning_rate: Positive
    weight_decay: Fraction = 0.0
    smoothing: Fraction = 0.0
    averaging: Fraction = 0.0
    augment: bool = False
    teaching: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    width: Count = 64
    dropout: Fraction = 0.0


REPORT_CNN = Recipe(architecture="report-cnn", epochs=50, batch_size=64, optimiser="adam", learning_rate=1e-4)
"""The report's: Adam 1e-4, batches of 64, 50 epochs, nothing else."""

MOODNET = Recipe(
    architecture="moodnet",
    epochs=52,
    batch_size=128,
    optimiser="one-cycle",
    learning_rate=0.1,
    weight_decay=5e-4,
    smoothing=0.1,
    averaging=0.999,
    augment=True,
    teaching=0.7,
    dropout=0.2,
)
"""The first student's; what was shipped went on from it: docs/model-card.md. What else was tried, and what it
gave: docs/benchmarks/model.md."""

TEACHER = msgspec.structs.replace(MOODNET, architecture="teacher", epochs=30, dropout=0.3)
"""What ``moodnet`` learns from; larger, and so better after fewer epochs."""

RECIPES = {recipe.architecture: recipe for recipe in (REPORT_CNN, MOODNET, TEACHER)}


def change_recipe(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """Change some numbers of a recipe.

    Args:
        recipe: what to start from.
        changes: ``name=value``, the value as in JSON, e.g. ``width=32`` or ``augment=false``.

    Raises:
        RunError: a change is of no such form, or names or holds what a recipe cannot have.
    """
    values = msgspec.structs.asdict(recipe)
    names = [name for name in values if name != "architecture"]  # which is for --model to say
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals or name not in names:
            raise RunError(f"{change!r} is not NAME=VALUE with a NAME of {', '.join(names)}")
        try:
            values[name] = msgspec.json.decode(text)
        except msgspec.DecodeError:
            values[name] = text
    try:
        return msgspec.convert(values, Recipe)
    except msgspec.ValidationError as error:
        raise RunError(f"no such recipe: {error}") from error
