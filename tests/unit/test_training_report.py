import re
import struct
from pathlib import Path

import msgspec
import pytest

from contract.labels import LABELS
from tests.support.scorecards import draw_faces, make_example
from training.errors import ReportError
from training.interval import wilson_interval
from training.plots import DEGRADATION_NAMES
from training.report import draw_plots, format_report, write_report
from training.robustness import DEGRADATIONS
from training.runs import Epoch, History
from training.scorecard import Scorecard, TestImages, make_scorecard

PLOTS = ["confusion", "reliability", "abstention", "robustness", "soft-confusion"]


@pytest.fixture(scope="module")
def scorecard() -> Scorecard:
    return make_example()


@pytest.fixture(scope="module")
def bare(scorecard: Scorecard) -> Scorecard:
    """What can be said without votes, training images, validation images and a model to run."""
    logits, labels = draw_faces(1)
    facts = msgspec.structs.replace(scorecard.model, multiply_adds=None, milliseconds_single=None)
    images = TestImages("faces", None, labels, None, None)  # type: ignore[arg-type]  # not looked at
    return make_scorecard(facts, images, logits)


def test_a_scorecard_is_json_with_the_figures_that_others_read(scorecard: Scorecard) -> None:
    text = msgspec.json.encode(scorecard)
    assert msgspec.json.decode(text, type=Scorecard) == scorecard
    content = msgspec.json.decode(text)
    assert {"accuracy", "accuracy_deduplicated", "n"} <= content["original"].keys()
    assert {"accuracy", "accuracy_deduplicated", "n", "ece"} <= content["ferplus"].keys()
    assert {"parameters", "multiply_adds", "bytes"} <= content["model"].keys()
    assert content["data"]["duplicates"] > 0


def test_without_votes_everything_is_measured_against_the_original_labels(
    scorecard: Scorecard, bare: Scorecard
) -> None:
    assert (scorecard.reference, bare.reference) == ("ferplus", "original")
    assert bare.ferplus is None
    assert sum(b.count for b in bare.calibration.bins) == bare.original.n
    assert (bare.data.duplicates, bare.soft_confusion, bare.recovery, bare.robustness) == (None,) * 4


def test_the_original_labels_are_told_by_the_head_that_learned_them(scorecard: Scorecard) -> None:
    logits, labels = draw_faces(1)
    other, _ = draw_faces(7)
    images = TestImages("faces", None, labels, labels, None)  # type: ignore[arg-type]  # not looked at
    card = make_scorecard(scorecard.model, images, logits, original_logits=other)
    assert card.original.accuracy == (other.argmax(axis=1) == labels).mean()
    assert card.ferplus is not None
    assert card.ferplus.accuracy == (logits.argmax(axis=1) == labels).mean()
    assert card.ferplus.ece == card.calibration.ece


def test_a_page_shows_every_plot_and_each_is_there(scorecard: Scorecard, tmp_path: Path) -> None:
    page = write_report(scorecard, tmp_path / "docs", "model")
    shown = re.findall(r"!\[.+\]\((.+)\)", page.read_text())
    assert shown == [f"model-{plot}.png" for plot in PLOTS]
    assert {path.name for path in page.parent.iterdir()} == {"model.md", *shown}
    for name in shown:
        content = (page.parent / name).read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        width, height = struct.unpack(">II", content[16:24])
        assert width >= 1000
        assert height >= 700


def test_under_every_plot_stands_how_to_read_it(scorecard: Scorecard) -> None:
    lines = format_report(scorecard, "model").splitlines()
    plots = [place for place, line in enumerate(lines) if line.startswith("![")]
    assert len(plots) == len(PLOTS)
    assert all(lines[place + 2].startswith("How to read it: ") for place in plots)


def test_the_first_table_says_accuracy_with_what_chance_allows(scorecard: Scorecard) -> None:
    scores = scorecard.original
    low, high = wilson_interval(scores.accuracy, scores.n)
    expected = f"| {scores.accuracy:.1%} ({100 * low:.1f}–{100 * high:.1f}) of {scores.n:,} |"
    assert f"| accuracy, original labels {expected}" in format_report(scorecard, "model")


def test_every_label_has_its_row(scorecard: Scorecard) -> None:
    page = format_report(scorecard, "model")
    assert all(len(re.findall(rf"^\| {label} \|", page, re.MULTILINE)) == 1 for label in LABELS)


def test_all_rows_of_a_table_are_equally_long(scorecard: Scorecard) -> None:
    for block in format_report(compare(scorecard, scorecard), "model").split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1


def compare(scorecard: Scorecard, peer: Scorecard) -> Scorecard:
    return msgspec.structs.replace(scorecard, peer=peer)


def test_the_curves_of_the_run_are_shown_where_it_is_given(scorecard: Scorecard) -> None:
    history = History((Epoch(1, 1.0, 0.5, 1.1, 0.4, 60.0),))
    assert "(model-curves.png)" in format_report(scorecard, "model", history)
    assert "curves.png" not in format_report(scorecard, "model")
    assert draw_plots(scorecard, history)["curves"].startswith(b"\x89PNG")


def test_a_peer_stands_in_a_column_beside_the_model(scorecard: Scorecard) -> None:
    peer = make_example("other-1.0", strength=3.0)
    both = compare(scorecard, peer)
    page = format_report(both, "model")
    assert f"|  | {scorecard.model.version} | other-1.0 |" in page
    assert peer.ferplus is not None
    assert f"{peer.ferplus.accuracy:.1%} (" in page
    assert draw_plots(both)["robustness"] != draw_plots(scorecard)["robustness"]


def test_what_was_not_measured_is_left_out(bare: Scorecard) -> None:
    page = format_report(bare, "model")
    assert "It is not known which of them the model was trained on" in page
    assert "No FER+ votes were given" in page
    assert "| accuracy, FER+ majority | – |" in page
    assert "| multiply-adds a face | – |" in page
    assert list(draw_plots(bare)) == re.findall(r"\(model-(.+)\.png\)", page) == PLOTS[:3]
    assert "None" not in page


def test_every_degradation_has_a_name_for_its_bar() -> None:
    assert list(DEGRADATION_NAMES) == list(DEGRADATIONS)


def test_a_folder_that_cannot_be_written_is_refused(scorecard: Scorecard, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ReportError, match="taken cannot be written"):
        write_report(scorecard, tmp_path / "taken", "model")


def test_chance_allows_more_for_fewer_images_and_never_less_than_none_or_more_than_all() -> None:
    # Newcombe (1998), table I: 81 of 263 and 0 of 20
    assert wilson_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(0.0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson_interval(1.0, 20)[1] == 1.0
