"""The seven expressions, in the order in which every probability vector lists them."""

LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
"""The FER-2013 folder order, which is also alphabetical."""

VALENCES = (-0.62, -0.58, -0.58, 0.87, 0.0, -0.73, 0.39)
"""Valence of each label, in [-1, 1], in the order of ``LABELS``.

Source: Warriner, Kuperman & Brysbaert (2013), norms of valence on a 1–9 scale, for the adjectives of the
labels, rescaled as (v − 5) / 4. Neutral is 0 by convention (its norm would be 0.13).
"""

CROP_SIDE = 48
"""Height and width, in pixels, of the grey face crop that cameras send and models take."""
