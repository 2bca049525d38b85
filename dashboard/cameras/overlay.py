"""A camera's picture with a box around each face and what it expresses. Pure."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.events import FaceEmotions, FrameEmotions, Preview
from contract.labels import LABELS
from contract.row import UNCERTAIN_BELOW
from dashboard.cameras.previews import Arrival
from dashboard.charts.style import COLOURS, QUIET_COLOUR

STYLE: Final = Path(__file__).with_name("overlay.css")
"""For ``st.html``, once on the page."""

SETTLED_S: Final = 1.0
"""A frame of which workers have said nothing for so long has no faces."""

UNCERTAIN: Final = "uncertain"
HIGH: Final = 0.08
"""The label of a box that begins higher in the picture stands within the box."""

RIGHT: Final = 0.7
"""The label of a box that begins farther to the right ends with the box, instead of beginning with it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown.

    Attributes:
        preview: the picture.
        faces: in it, classified.
    """

    preview: Preview
    faces: tuple[FaceEmotions, ...]


def picture_of(arrivals: Sequence[Arrival], frames: Iterable[FrameEmotions]) -> Picture | None:
    """The newest picture of which it is known what is in it; None: there is no picture.

    A picture is here before its faces are classified, and one without faces never is: so without news of it,
    an older one is shown for a moment more, and a picture never gives way to an older one.

    Args:
        arrivals: of one camera, newest first.
        frames: the newest classified ones, of any cameras, in any order.
    """
    faces = {(frame.session, frame.frame): frame.faces for frame in frames}
    for arrival in arrivals:
        preview = arrival.preview
        known = faces.get((preview.session, preview.frame))
        if known is not None or arrival.age_s >= SETTLED_S:
            return Picture(preview, known or ())
    return Picture(arrivals[-1].preview, ()) if arrivals else None


def label_of(face: FaceEmotions) -> tuple[str, str]:
    """What is said of a face, such as ``happy 93%`` or, without a majority, ``uncertain``; and its colour."""
    share = max(face.probabilities)
    if share < UNCERTAIN_BELOW:
        return UNCERTAIN, QUIET_COLOUR
    leading = LABELS[face.probabilities.index(share)]
    return f"{leading} {share:.0%}", COLOURS[leading]


def drawing(picture: Picture) -> str:
    """The picture and its labelled boxes, HTML that needs ``STYLE``."""
    source = f"data:image/jpeg;base64,{b64encode(picture.preview.jpeg).decode()}"
    said = ", ".join(label_of(face)[0] for face in picture.faces) or "no face labelled"
    boxes = "".join(map(_box, picture.faces))
    # decoded before it is painted: else there is nothing to be seen for a moment
    return (
        f'<div class="ml-live"><img decoding="sync" src="{source}" alt="{picture.preview.camera}: {said}">'
        f"{boxes}</div>"
    )


def _box(face: FaceEmotions) -> str:
    text, colour = label_of(face)
    left, top, width, height = face.box
    kind = "ml-face ml-unsure" if text == UNCERTAIN else "ml-face"
    place = " ".join(["ml-in" if top < HIGH else "ml-over", "ml-end" if left > RIGHT else "ml-begin"])
    return (
        f'<div class="{kind}" style="left:{left:.2%};top:{top:.2%};width:{width:.2%};height:{height:.2%};'
        f'border-color:{colour}"><span class="{place}" style="background:{colour}">{text}</span></div>'
    )
