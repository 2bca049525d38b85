"""What a mood rests on: told in a line, of all that may be shown and of nothing else."""

from datetime import UTC
from math import nan

import numpy as np
import pytest

from contract import keys, row
from contract.windows import GRAIN_MS
from dashboard.cameras.health import Account, CameraHealth, account_of, left_out_words
from dashboard.cameras.now import camera_now
from dashboard.figures.models import read_models
from dashboard.figures.periods import Span
from dashboard.figures.recent import RECENT_MS, Recent, read_recents
from dashboard.figures.sites import Site
from dashboard.words.basis import Basis, basis_words, model_words, roughly
from runtime.redis import Client
from runtime.windows import Windows
from tests.support.events import CAMERA
from tests.support.rows import row_of

NOW_MS = 1_795_384_805_000
SPAN = Span(NOW_MS - RECENT_MS, NOW_MS + 1)
OTHER = "shop-2/till"


def line(**changed: float) -> dict[str, float]:
    """Of ``breakdowns.by_camera``."""
    known = {"visits": 1338, "index": 0.31, "index_low": 0.28, "index_high": 0.34, "coverage": 0.98}
    return {**known, "uncertain": 0.12, **changed}


def test_a_line_says_how_many_how_sure_how_complete_how_clear_and_by_which_model() -> None:
    assert basis_words(Basis.of_line(line(), ["moodnet-1"], corrected=False)) == (
        "1,338 visits · mood index +0.31, 95% interval +0.28 to +0.34 · coverage 98% · "
        "12% without a clear expression · read by model moodnet-1 · shares as read"
    )


@pytest.mark.parametrize(
    ("corrected", "last"),
    [(True, "shares corrected"), (False, "shares as read"), (None, "as read, not corrected")],
)
def test_whether_mistakes_of_the_model_are_taken_out_is_told(corrected: bool | None, last: str) -> None:
    assert basis_words(Basis.of_line(line(), ["a"], corrected)).endswith(f" · {last}")


def test_what_is_not_known_is_not_made_up() -> None:
    alone = Basis.of_line(line(visits=1, index_low=nan, index_high=nan, coverage=nan, uncertain=0), [])
    assert basis_words(alone) == (
        "1 visit · mood index +0.31, from too few visits for an interval · 0% without a clear expression · "
        "it is not known which model read the faces · as read, not corrected"
    )


def test_of_what_may_not_be_shown_nothing_is_told() -> None:
    none = Basis.of_line(line(visits=0, index=nan, index_low=nan, index_high=nan, uncertain=nan), ["a"])
    assert basis_words(none) == ""


def test_a_sum_tells_the_same_as_its_line() -> None:
    total = row_of(*["happy"] * 30, *["neutral"] * 30)
    total[row.UNCERTAIN] = 15
    basis = Basis.of_total(total, 0.5, ["a"])
    assert (basis.visits, basis.uncertain, basis.coverage, basis.models) == (60, 0.25, 0.5, ("a",))
    assert basis.index == pytest.approx(0.435)
    assert basis.low < 0.435 < basis.high


def test_models_are_named() -> None:
    assert model_words(["a"]) == "read by model a"
    assert model_words(["a", "b"]) == "read by models a and b"
    assert model_words([]) == ""


@pytest.mark.parametrize(
    ("share", "told"), [(0.0, "hardly any"), (0.04, "hardly any"), (0.16, "about 20%"), (1.0, "about 100%")]
)
def test_of_a_time_that_goes_on_a_share_is_told_to_the_nearest_tenth(share: float, told: str) -> None:
    assert roughly(share) == told


def note_model(client: Client, camera: str, version: str, first_ms: int, last_ms: int) -> None:
    client.hset(keys.open_visits(camera), f"model:{version}", f"[{first_ms},{last_ms}]")


def test_the_models_of_a_span_are_found_camera_by_camera(any_redis: Client) -> None:
    note_model(any_redis, CAMERA, "old", NOW_MS - 9 * RECENT_MS, SPAN.from_ms - 1)
    note_model(any_redis, CAMERA, "new", SPAN.from_ms, NOW_MS)
    note_model(any_redis, OTHER, "old", NOW_MS - 9 * RECENT_MS, NOW_MS)
    any_redis.hset(keys.open_visits(OTHER), "visit:s:1:", "0")
    read = read_models(any_redis, [CAMERA, OTHER, "shop-3/none"], SPAN)
    assert read == {CAMERA: ("new",), OTHER: ("old",), "shop-3/none": ()}
    recents = read_recents(any_redis, [CAMERA, OTHER, "shop-3/none"], NOW_MS)
    assert {camera: recent.models for camera, recent in recents.items()} == read


@pytest.mark.parametrize(("closed", "in_view", "uncertain"), [(4, 3, None), (5, 0, 0.4), (2, 1, None)])
def test_how_clear_faces_are_now_is_told_of_closed_visits_alone_and_of_enough(
    closed: int, in_view: int, uncertain: float | None
) -> None:
    seen = row_of(*["happy"] * closed)
    seen[row.UNCERTAIN] = 2
    windows = Windows(np.array([NOW_MS // GRAIN_MS * GRAIN_MS]), seen[np.newaxis])
    recent = Recent(windows, closed + in_view, in_view, ("a",))
    now = camera_now(CAMERA, Site("shop-1", k=5, time_zone=UTC, simulated=False), recent, None, NOW_MS)
    assert now.uncertain == uncertain
    assert now.models == (("a",) if closed + in_view >= 5 else ())


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1234, "left out: 1,234 faces since midnight (staff, masked regions, posters)"),
        (1, "left out: 1 face since midnight (staff, masked regions, posters)"),
        (0, ""),
    ],
)
def test_faces_that_a_camera_left_out_are_counted(count: int, told: str) -> None:
    total = row_of("happy")
    total[row.EXCLUDED] = count
    assert left_out_words(health(account_of(total))) == told
    total[row.VISITS] = 0
    assert left_out_words(health(account_of(total))) == ""


def health(account: Account | None) -> CameraHealth:
    return CameraHealth(CAMERA, None, None, (), None, account, [])
