from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contract.codec import decode, encode
from contract.events import EXCLUDED_TRACKS_MAX, CameraReport
from contract.windows import GRAIN_MS
from producer.reporter import JUMP_MS, Reporter

START_MS = 1_700_000_000_000  # at a boundary of 10 s


def reporter(start_ms: int = START_MS) -> Reporter:
    return Reporter("shop-1/entrance", "00112233aabbccdd", 5.0, "yunet", start_ms)


def stretches(reports: list[CameraReport]) -> list[tuple[int, int]]:
    return [(report.from_ms - START_MS, report.to_ms - START_MS) for report in reports]


def test_a_report_ends_at_a_10_s_boundary_however_the_session_began() -> None:
    book = reporter(START_MS + 3_456)
    assert book.frame(START_MS + 9_900, 0, 1) == []
    assert stretches(book.frame(START_MS + 10_000, 100, 1)) == [(3_456, 10_000)]


def test_a_frame_counts_in_the_stretch_it_was_captured_in() -> None:
    book = reporter()
    book.frame(START_MS + 9_999, 0, 2)
    [first] = book.frame(START_MS + 10_000, 1, 3)
    [second] = book.finish(START_MS + 10_001)
    assert (first.frames_analysed, first.frames_published, first.faces_published) == (1, 1, 2)
    assert (second.frames_analysed, second.frames_published, second.faces_published) == (1, 1, 3)


def test_frames_without_faces_are_analysed_and_not_published() -> None:
    book = reporter()
    book.frame(START_MS + 100, 0, 0)
    book.frame(START_MS + 300, 200, 0)
    [report] = book.finish(START_MS + 301)
    assert (report.frames_analysed, report.frames_published, report.analysed_ms) == (2, 0, 200)


def test_analysed_time_across_a_boundary_is_shared_by_both_sides() -> None:
    book = reporter()
    book.frame(START_MS + 9_700, 0, 0)
    [first] = book.frame(START_MS + 10_100, 400, 0)
    [second] = book.finish(START_MS + 10_101)
    assert (first.analysed_ms, second.analysed_ms) == (300, 100)


def test_a_frozen_camera_still_reports_with_nothing_analysed() -> None:
    book = reporter()
    reports = book.quiet(START_MS + 25_000)
    assert stretches(reports) == [(0, 10_000), (10_000, 20_000)]
    assert [report.frames_analysed for report in reports] == [0, 0]


def test_a_report_waits_for_the_frame_that_may_still_cover_its_last_second() -> None:
    book = reporter()
    book.frame(START_MS + 9_500, 0, 0)
    assert book.quiet(START_MS + 10_300) == []
    [report] = book.frame(START_MS + 10_400, 900, 0)
    assert report.analysed_ms == 500


def test_drops_are_told_by_the_report_of_the_stretch_in_which_they_happened() -> None:
    book = reporter()
    book.dropped(3)
    book.dropped(4)
    assert [report.dropped for report in book.quiet(START_MS + 21_000)] == [7, 0]


def test_a_jump_of_the_clock_does_not_bring_a_flood_of_reports() -> None:
    book = reporter()
    book.frame(START_MS + 5_000, 0, 0)
    day_later_ms = START_MS + 86_400_000 + 4_000
    reports = book.frame(day_later_ms, 1_000, 0)
    assert stretches(reports) == [(0, 10_000)]
    [last] = book.finish(day_later_ms + 1)
    assert stretches([last]) == [(86_400_000, 86_404_001)]


def test_an_empty_session_has_no_report() -> None:
    assert reporter().finish(START_MS) == []


@given(
    offset_ms=st.integers(0, GRAIN_MS),
    moments=st.lists(st.tuples(st.booleans(), st.integers(0, 15_000), st.integers(0, 3)), max_size=40),
)
def test_every_millisecond_lies_in_exactly_one_report(
    offset_ms: int, moments: list[tuple[bool, int, int]]
) -> None:
    start_ms = at_ms = START_MS + offset_ms
    book = reporter(start_ms)
    reports = []
    covered_ms, last_frame_ms, faces_seen, frames = 0, None, 0, 0
    for is_frame, later_ms, faces in moments:
        assert later_ms < JUMP_MS
        at_ms += later_ms
        if is_frame:
            interval_ms = 0 if last_frame_ms is None else min(at_ms - last_frame_ms, 1_000)
            last_frame_ms = at_ms
            covered_ms += interval_ms
            faces_seen += faces
            frames += 1
            reports += book.frame(at_ms, interval_ms, faces)
        else:
            reports += book.quiet(at_ms)
    reports += book.finish(at_ms + 1)

    assert reports[0].from_ms == start_ms
    assert reports[-1].to_ms == at_ms + 1
    assert all(before.to_ms == after.from_ms for before, after in pairwise(reports))
    assert [report.seq for report in reports] == list(range(len(reports)))
    for report in reports:
        assert report.from_ms // GRAIN_MS == (report.to_ms - 1) // GRAIN_MS
        assert 0 <= report.analysed_ms <= report.to_ms - report.from_ms
        assert decode(encode(report), CameraReport) == report
    assert sum(report.analysed_ms for report in reports) == covered_ms
    assert sum(report.frames_analysed for report in reports) == frames
    assert sum(report.faces_published for report in reports) == faces_seen


def test_faces_left_out_are_counted_in_the_stretch_of_their_frame() -> None:
    book = reporter()
    book.frame(START_MS + 9_999, 0, 0, excluded=2)
    [first] = book.frame(START_MS + 10_000, 1, 1, excluded=3)
    [second] = book.finish(START_MS + 10_001)
    assert (first.excluded, second.excluded) == (2, 3)


def test_a_track_that_turned_out_to_be_nobodys_is_told_with_the_next_frame_and_no_time_is_lost() -> None:
    book = reporter()
    book.frame(START_MS + 200, 0, 1)
    book.turned_out([4])
    [told] = book.frame(START_MS + 400, 200, 1)
    [rest] = book.finish(START_MS + 401)
    assert stretches([told, rest]) == [(0, 400), (400, 401)]
    assert [report.excluded_tracks for report in (told, rest)] == [(4,), ()]
    assert [report.frames_analysed for report in (told, rest)] == [1, 1]
    assert told.analysed_ms + rest.analysed_ms == 200


def test_at_a_boundary_the_report_that_ends_there_tells_of_it() -> None:
    book = reporter()
    book.turned_out([4])
    [told] = book.frame(START_MS + 10_000, 200, 1)
    assert told.excluded_tracks == (4,)


def test_more_tracks_than_a_report_has_room_for_are_in_the_next_one() -> None:
    book = reporter()
    book.turned_out(range(EXCLUDED_TRACKS_MAX + 5))
    [first] = book.frame(START_MS + 200, 200, 1)
    [second] = book.frame(START_MS + 400, 200, 1)
    assert (*first.excluded_tracks, *second.excluded_tracks) == tuple(range(EXCLUDED_TRACKS_MAX + 5))
    assert decode(encode(first), CameraReport) == first
