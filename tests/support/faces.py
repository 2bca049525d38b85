"""A small data set of drawn faces: easy to learn, in Kaggle's layout, with FER+ votes beside it."""

import csv
import zipfile
from pathlib import Path

import cv2
import numpy as np

from contract.labels import LABELS
from training.votes import COLUMNS

VOTED = "anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"


def draw_face(place: int, seed: int) -> np.ndarray:
    """Noise with a bright column for the class, black and white corners: easy to learn, full range."""
    face = np.random.default_rng(seed).integers(60, 140, (48, 48), dtype=np.uint8)
    face[:, 6 * place + 2 : 6 * place + 8] = 255
    face[:8, :8], face[-8:, -8:] = 0, 255
    return face


def write_faces(folder: Path, training_images: int = 64) -> Path:
    """``faces.zip``, with so many training images and four test images a class, and ``votes.csv`` beside it.

    The last training image of a class is its first test image, too; votes agree with the labels.
    """
    with zipfile.ZipFile(folder / "faces.zip", "w") as archive, (folder / "votes.csv").open("w") as file:
        votes = csv.writer(file)
        votes.writerow(("file", *COLUMNS))
        for place, label in enumerate(LABELS):
            for split, start, count in (("train", 0, training_images), ("test", training_images - 1, 4)):
                for seed in range(100 * place + start, 100 * place + start + count):
                    image = cv2.imencode(".jpg", draw_face(place, seed))[1].tobytes()
                    archive.writestr(f"{split}/{label}/{split}{seed:03}.jpg", image)
                    counts = (10 * (column == VOTED[place]) for column in COLUMNS)
                    votes.writerow((f"{split}{seed:03}.jpg", *counts))
    return folder / "faces.zip"
