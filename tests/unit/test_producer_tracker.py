"""Scenes are strips of text: a row is a frame, a letter is a face, 10 px a column."""

from producer.detection import Detection
from producer.tracker import LOST_MS, SURE_SCORE, Tracker

STEP_MS = 200
FACE_PX = 20.0
SURE = 0.9
UNSURE = SURE_SCORE - 0.1


def face(x: float, y: float = 100.0, size: float = FACE_PX, score: float = SURE) -> Detection:
    return Detection((x, y, size, size), score, None)


def play(
    scene: str, step_ms: int = STEP_MS, tracker: Tracker | None = None, width_px: float = 1000.0
) -> dict[str, list[int]]:
    """Letter → the tracks that it had, in order of first appearance."""
    tracker = tracker or Tracker()
    tracks: dict[str, list[int]] = {}
    for number, row in enumerate(scene.strip("\n").splitlines()):
        letters = [(x, letter) for x, letter in enumerate(row) if letter.isalpha()]
        found = [face(x * 10.0) for x, _ in letters]
        faces = {id(one): letter for one, (_, letter) in zip(found, letters, strict=True)}
        for track, detection in tracker.update(found, number * step_ms, (width_px, 480.0)):
            seen = tracks.setdefault(faces[id(detection)], [])
            if track not in seen:
                seen.append(track)
    return tracks


def test_a_face_that_stands_still_is_one_track() -> None:
    assert play("\n".join(["..a......"] * 20)) == {"a": [0]}


def test_a_walker_is_one_track() -> None:
    assert play("""
a...........
.a..........
..a.........
...a........
....a.......
.....a......
""") == {"a": [0]}


def test_a_walker_so_fast_that_boxes_never_overlap_is_one_track() -> None:
    assert play("""
a................
...a.............
......a..........
.........a.......
............a....
""") == {"a": [0]}


def test_two_who_cross_keep_their_tracks() -> None:
    assert play("""
a.............b
..a.........b..
....a.....b....
......a.b......
......b.a......
....b.....a....
..b.........a..
b.............a
""") == {"a": [0], "b": [1]}


def test_two_who_cross_and_hide_each_other_keep_their_tracks() -> None:
    assert play("""
a.............b
..a.........b..
....a.....b....
......a.b......
.......a.......
......b.a......
....b.....a....
..b.........a..
""") == {"a": [0], "b": [1]}


def test_a_walker_hidden_for_less_than_2_s_is_the_same_track() -> None:
    assert play(
        """
a.............
.a............
..a...........
..............
..............
..............
......a.......
.......a......
"""
    ) == {"a": [0]}


def test_someone_who_stops_while_hidden_is_the_same_track() -> None:
    assert play("""
a.............
..a...........
....a.........
..............
..............
..............
......a.......
""") == {"a": [0]}


def test_a_face_gone_for_exactly_2_s_is_held_and_longer_is_a_new_track() -> None:
    for gone_ms, expected in ((LOST_MS, 0), (LOST_MS + 1, 1)):
        tracker = Tracker()
        tracker.update([face(0)], 0)
        [(track, _)] = tracker.update([face(0)], gone_ms)
        assert track == expected


def test_a_face_elsewhere_is_another_track() -> None:
    assert play("""
a...............
................
..............b.
""") == {"a": [0], "b": [1]}


def test_a_face_of_another_size_in_the_same_place_is_another_track() -> None:
    tracker = Tracker()
    tracker.update([face(100, 100, 20)], 0)
    [(track, _)] = tracker.update([face(80, 80, 60)], STEP_MS)
    assert track == 1


def test_an_unsure_face_needs_a_second_sighting() -> None:
    tracker = Tracker()
    assert tracker.update([face(0, score=UNSURE)], 0) == []
    assert tracker.count == 0
    [(track, _)] = tracker.update([face(0, score=UNSURE)], STEP_MS)
    assert track == 0
    assert tracker.count == 1


def test_an_unsure_face_continues_a_track() -> None:
    tracker = Tracker()
    tracker.update([face(0)], 0)
    [(track, _)] = tracker.update([face(0, score=UNSURE)], STEP_MS)
    assert track == 0


def test_numbers_are_given_only_to_what_is_published() -> None:
    tracker = Tracker()
    for frame in range(5):  # a flicker that never comes twice in one place
        seen = tracker.update([face(0), face(200 + 150 * frame, score=UNSURE)], frame * STEP_MS)
        assert [track for track, _ in seen] == [0]
    assert tracker.count == 1


def test_a_crowd_that_stands_still_keeps_its_tracks_at_any_rate() -> None:
    for step_ms in (33, 200, 1000):
        tracker = Tracker()
        crowd = [face(x * 30.0, y * 30.0) for x in range(6) for y in range(4)]
        for frame in range(5):
            shift = float(frame % 2)  # jitter
            seen = tracker.update([face(d.box[0] + shift, d.box[1]) for d in crowd], frame * step_ms)
            assert [track for track, _ in seen] == list(range(24))


def test_an_empty_frame_has_no_tracks() -> None:
    assert Tracker().update([], 0) == []


def test_who_comes_in_where_another_has_just_walked_out_is_somebody_else() -> None:
    scene = """
.....a......
.......a....
.........a..
...........a
............
............
...........b
.........b..
.......b....
"""
    assert play(scene, width_px=120.0) == {"a": [0], "b": [1]}
    # in a wider picture, the same face may have turned round
    assert play(scene, width_px=1000.0) == {"a": [0], "b": [0]}


def test_who_stands_at_the_edge_stays_the_same() -> None:
    assert play(
        "\n".join(["...........a"] * 4 + ["............"] * 5 + ["...........a"] * 4), width_px=125.0
    ) == {"a": [0]}
