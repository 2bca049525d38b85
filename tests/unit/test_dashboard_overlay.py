import msgspec
import pytest

from contract.events import SCHEMA, FaceEmotions, Preview
from contract.labels import LABELS
from dashboard.cameras.overlay import SETTLED_S, Picture, drawing, label_of, picture_of
from dashboard.cameras.previews import Arrival
from dashboard.charts.style import COLOURS, QUIET_COLOUR
from tests.support.events import CAMERA, SESSION, frame_emotions, surely

AT_MS = 1_700_000_000_000
OTHER_SESSION = "ffffffffffffffff"


def arrival(frame: int, age_s: float = 0.1, session: str = SESSION) -> Arrival:
    return Arrival(Preview(SCHEMA, CAMERA, session, frame, AT_MS, b"\xff\xd8picture"), age_s)


def face(
    label: str = "happy", p: float = 0.93, box: tuple[float, ...] = (0.25, 0.25, 0.125, 0.25)
) -> FaceEmotions:
    [one] = frame_emotions(captured_at_ms=AT_MS, probabilities=surely(label, p)).faces
    return msgspec.structs.replace(one, box=box)


def shown(*arrivals: Arrival, classified: tuple[int, ...], session: str = SESSION) -> tuple[int, int]:
    """Number of the frame that is shown, and of its faces."""
    frames = [frame_emotions(number, captured_at_ms=AT_MS, session=session) for number in classified]
    picture = picture_of(arrivals, frames)
    assert picture
    return picture.preview.frame, len(picture.faces)


def test_the_newest_picture_whose_faces_are_known_is_shown_with_them() -> None:
    assert shown(arrival(12), arrival(9, 0.6), arrival(6, 1.1), classified=(6, 9, 10)) == (9, 1)
    assert shown(arrival(12), arrival(9, 0.6), arrival(6, 1.1), classified=(12, 6, 9)) == (12, 1)


def test_a_picture_without_faces_is_shown_when_there_is_no_news_of_it_for_a_moment() -> None:
    assert shown(arrival(12), arrival(9, SETTLED_S), arrival(6, 1.6), classified=(6,)) == (9, 0)


def test_a_frame_of_the_same_number_in_another_run_of_the_camera_is_another_one() -> None:
    assert shown(arrival(12), arrival(9, 1.5), classified=(12,), session=OTHER_SESSION) == (9, 0)


def test_the_first_picture_of_all_does_not_wait() -> None:
    assert shown(arrival(0), classified=()) == (0, 0)


def test_what_was_shown_never_gives_way_to_something_older() -> None:
    last = -1
    for tick in range(
        40
    ):  # every 100 ms; a picture each 600 ms; faces in all but frames 3 and 4, after 300 ms
        pictures = [arrival(n, (tick - 6 * n) / 10) for n in range(tick // 6, -1, -1)]
        classified = tuple(n for n in range(7) if n not in {3, 4} and tick - 6 * n >= 3)
        frame, faces = shown(*pictures, classified=classified)
        assert frame >= last
        assert faces == (frame not in {3, 4} and frame in classified)
        last = frame


def test_where_nothing_has_come_there_is_no_picture() -> None:
    assert picture_of([], [frame_emotions(1, captured_at_ms=AT_MS)]) is None


@pytest.mark.parametrize("label", LABELS)
def test_a_face_is_labelled_with_its_leading_expression_in_the_colour_it_has_everywhere(label: str) -> None:
    assert label_of(face(label, 0.634)) == (f"{label} 63%", COLOURS[label])


def test_a_face_without_a_majority_is_uncertain() -> None:
    assert label_of(face("sad", 0.5)) == ("sad 50%", COLOURS["sad"])
    assert label_of(face("sad", 0.499)) == ("uncertain", QUIET_COLOUR)


def test_a_box_lies_where_the_face_is_and_the_picture_says_what_it_shows() -> None:
    drawn = drawing(Picture(arrival(3).preview, (face(), face("sad", 0.4))))
    assert drawn.count("left:25.00%;top:25.00%;width:12.50%;height:25.00%") == 2
    assert f"border-color:{COLOURS['happy']}" in drawn
    assert ">happy 93%</span>" in drawn
    assert drawn.count("ml-unsure") == 1
    assert 'alt="shop-1/entrance: happy 93%, uncertain"' in drawn
    assert "data:image/jpeg;base64,/9hwaWN0dXJl" in drawn


def test_a_label_stays_in_the_picture_at_its_edges() -> None:
    drawn = drawing(Picture(arrival(3).preview, (face(box=(0.9, 0.0, 0.1, 0.2)),)))
    assert 'class="ml-in ml-end"' in drawn
    assert 'class="ml-over ml-begin"' in drawing(Picture(arrival(3).preview, (face(),)))


def test_a_picture_without_labels_says_so() -> None:
    assert 'alt="shop-1/entrance: no face labelled"' in drawing(Picture(arrival(3).preview, ()))
