"""Papers of a site that a real Redis knows, and of all its sites."""

from pathlib import Path

import pypdfium2
import pytest
import redis

from admin.cli import build_parser
from admin.errors import Refused
from contract import keys
from runtime.errors import RedisUnavailable
from tests.support.services import RedisServer, free_port

WORDS = ["notice", "--store", "Shop", "--contact", "a@b.example", "--language", "en", "--folder"]


@pytest.mark.parametrize(
    ("words", "k", "hours"),
    [
        (("--site", "shop-1"), 7, "90 days"),
        (("--site", "shop-2"), 6, "400 days"),
        ((), 6, "at most 400 days"),  # what holds at all of them
    ],
)
def test_a_named_site_has_papers_with_its_own_k_and_times(
    redis_server: RedisServer,
    redis_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: tuple[str, ...],
    k: int,
    hours: str,
) -> None:
    monkeypatch.setenv("MOODLENS_REDIS_URL", redis_server.url)
    for camera in ("shop-1/door", "shop-2/door"):
        redis_client.sadd(keys.subjects(keys.partition_of(camera)), camera)
    redis_client.hset(keys.site("shop-1"), mapping={"k": "7", "keep_1h": "90d"})
    redis_client.hset(keys.site("shop-2"), "k", "6")
    arguments = build_parser().parse_args([*WORDS, str(tmp_path), *words])
    arguments.do(arguments)
    with pypdfium2.PdfDocument(tmp_path / "visitor-sign-a4.en.pdf") as document:
        sign = " ".join(document[0].get_textpage().get_text_bounded().split())
    assert f"by the hour for {hours}, by the day for 5 years. Figures are shown of {k} visits" in sign


@pytest.mark.parametrize(
    ("name", "error", "why"),
    [("shop-1", RedisUnavailable, "does not answer"), ("Shop 1", Refused, "is no site")],
)
def test_who_names_a_site_must_be_able_to_ask_about_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, error: type[Exception], why: str
) -> None:
    monkeypatch.setenv("MOODLENS_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    arguments = build_parser().parse_args([*WORDS, str(tmp_path), "--site", name])
    with pytest.raises(error, match=why):
        arguments.do(arguments)
    assert not list(tmp_path.iterdir())
