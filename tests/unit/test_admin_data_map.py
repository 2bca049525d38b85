import inspect
import io
import json
import os
import re
from base64 import b64encode
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from admin import inventory
from admin.errors import Refused
from admin.inventory import BITMAP_BYTES, Form, Kind, kind_of, kinds, site_of_key, windows_gone_ms
from admin.pictures import OVERLAP, has_pixels, is_raw, pictures
from admin.suspicion import suspicions
from admin.traces import look_through_folder, look_through_log
from admin.words import Language, read_words
from aggregator.commit import ALERTS_KEPT, OUTBOX_MAX
from aggregator.settings import AggregatorSettings
from classifier_worker.log import REJECTED_MAX, SEEN_TTL_S
from contract import keys
from contract.codec import encode
from contract.events import CROP_BYTES
from contract.retention import LEAST_MS, STANDARD, Retention
from contract.row import COLUMNS, STORED, VISITS, WIDTH
from contract.windows import KEPT_MS, Resolution, chunk_at
from runtime.zones import named_zone
from tests.support.events import CAMERA, SESSION, crop, frame_emotions, frame_faces
from tests.support.rows import row_of

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(range(200))
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(64))
GIF = b"GIF89a\x01\x00\x01\x00\x00" + bytes(range(64))
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(range(64))
ROWS = b"".join(row_of("happy", "sad").astype(STORED).tobytes() for _ in range(96))


def face() -> bytes:
    """A crop of nobody: a bright oval with two dark spots, and some noise."""
    y, x = np.mgrid[0:48, 0:48]
    light = 200 * np.exp(-(((x - 24) / 16) ** 2) - ((y - 24) / 20) ** 2)
    for eye in (16, 32):
        light -= 90 * np.exp(-(((x - eye) / 4) ** 2) - ((y - 19) / 3) ** 2)
    noise = np.random.default_rng(3).normal(30, 6, light.shape)
    return bytes(np.clip(light + noise, 0, 255).astype(np.uint8))


def kind(name: str) -> Kind:
    return next(kind for kind in kinds() if kind.name == name)


def bits(seed: int) -> bytes:
    """A bitmap of frames, of which some were without a face, in stretches."""
    random = np.random.default_rng(seed)
    stretches = random.geometric(0.05, 8_000)
    states = np.repeat(np.arange(len(stretches)) % 2, stretches)
    return bytes(np.packbits(states[: 8 * BITMAP_BYTES]))


def test_every_key_of_the_contract_has_a_kind() -> None:
    given = {
        "partition": 3,
        "camera": CAMERA,
        "session": SESSION,
        "frame": 70_000,
        "seq": 3,
        "number": 2,
        "destination": "mqtt",
        "subject": f"{CAMERA}@window",
        "resolution": "15min",
        "chunk": "20261122",
        "name": "shop-1",
        "site_name": "shop-1",
    }
    made = {}
    for name, make in inspect.getmembers(keys, inspect.isfunction):
        if make.__module__ == keys.__name__ and name not in {"partition_of", "subject_of"}:
            key = make(**{word: given[word] for word in inspect.signature(make).parameters})
            made[name] = key[0] if isinstance(key, tuple) else key
    texts = {name: value for name, value in vars(keys).items() if isinstance(value, str)}
    made |= {name: value for name, value in texts.items() if value.startswith("moodlens:")}
    found = {name: kind_of(key) for name, key in made.items()}
    assert [name for name, of in found.items() if of is None] == []
    assert len({of.name for of in found.values() if of}) == len(found), "two keys of one kind"


@pytest.mark.parametrize(
    "key",
    [
        "moodlens:{3}:shop-1/entrance:crops",
        "moodlens:{3}:shop-1/entrance:15min:picture",
        "moodlens:{3}:Shop/entrance:open",
        "other:{3}:shop-1/entrance:open",
        "moodlens:faces",
        "moodlens:{3}:emotions\n",
    ],
)
def test_a_key_that_the_contract_does_not_know_has_no_kind(key: str) -> None:
    assert kind_of(key) is None


def test_what_is_said_to_be_kept_is_what_the_programs_keep() -> None:
    assert {each.resolution: each.kept_ms for each in kinds() if each.resolution} == KEPT_MS
    assert inventory.SEEN_MS == SEEN_TTL_S * 1000
    limits = AggregatorSettings.model_fields["stream_kept_s"].metadata
    assert 1000 * next(limit.le for limit in limits if hasattr(limit, "le")) == inventory.STREAM_MS
    assert (inventory.REJECTED_ENTRIES, inventory.ALERT_ENTRIES) == (REJECTED_MAX, ALERTS_KEPT)
    assert inventory.OUTBOX_ENTRIES == OUTBOX_MAX
    last = keys.seen_frame(CAMERA, SESSION, 8 * BITMAP_BYTES - 1)
    assert last == (keys.seen_frame(CAMERA, SESSION, 0)[0], 8 * BITMAP_BYTES - 1)


def test_no_chunk_is_longer_or_stays_longer_than_its_kind_may() -> None:
    zone = named_zone("Europe/Berlin")
    year_ms, hour_ms = 1_790_000_000_000, 3_600_000
    for resolution in Resolution:
        of = kind(f"windows_{resolution}")
        chunks = [chunk_at(resolution, year_ms + hour * hour_ms, zone) for hour in range(0, 24 * 366, 7)]
        assert of.bytes_max == max(chunk.rows for chunk in chunks) * WIDTH * 8
        key = keys.window_chunk(f"{CAMERA}@till", resolution, "")
        assert site_of_key(key) == "shop-1"
        for kept in (STANDARD, Retention(LEAST_MS)):
            late_ms = [
                windows_gone_ms(f"{key}{chunk.name}", resolution, kept) - kept.expires_at_ms(chunk)
                for chunk in chunks
            ]
            assert 0 < min(late_ms) <= max(late_ms) <= 18 * hour_ms


@pytest.mark.parametrize("language", list(Language))
def test_every_kind_has_words_in_each_language(language: Language) -> None:
    words = read_words(language)
    assert set(words.stored) == {each.name for each in kinds()}
    assert len(set(words.stored.values())) == len(words.stored)
    assert all(words.kept(each) for each in kinds())


@pytest.mark.parametrize(
    ("what", "found"),
    [(JPEG, "JPEG"), (PNG, "PNG"), (GIF, "GIF"), (WEBP, "WebP"), (b"P5 48 48 255\n" + crop(), "PGM")],
)
def test_a_picture_is_found_as_it_is_and_written_as_text(what: bytes, found: str) -> None:
    assert any(found in name for name in pictures(b"some words before it " + what))
    if found != "PGM":
        assert pictures(b'{"photo": "' + b64encode(what) + b'"}')
        assert pictures(what.hex().encode())
    if found in {"JPEG", "PNG"}:
        assert pictures(repr(what).encode())
        assert pictures(json.dumps(what.decode("latin-1")).encode()) or found == "PNG"


WRITINGS: dict[str, Callable[[bytes], bytes]] = {
    "base64": b64encode,
    "hex": lambda data: data.hex().encode(),
    "repr": lambda data: repr(data).encode(),
    "numbers": lambda data: json.dumps(list(data)).encode(),
    "rows of numbers": lambda data: json.dumps(
        np.frombuffer(data, np.uint8).reshape(48, 48).tolist()
    ).encode(),
    "as it is": lambda data: data,
    "dark": lambda data: bytes(32 + value // 3 for value in data),  # every byte of it is a letter
}


@pytest.mark.parametrize("writing", list(WRITINGS))
def test_a_crop_is_found_however_it_is_written(writing: str) -> None:
    value = b'{"crop": ' + WRITINGS[writing](face()) + b"}"
    assert suspicions(kind("open_visits"), value)


def test_an_event_with_crops_is_told_by_its_wire_form() -> None:
    assert "a face crop as cameras send it" in pictures(encode(frame_faces(tracks=(1, 2))))


def test_what_the_system_stores_raises_no_alarm() -> None:
    emotions = encode(frame_emotions(captured_at_ms=1_790_000_000_000, tracks=range(50)))
    assert suspicions(kind("stream"), b"\n".join([emotions] * 1_000)) == []
    assert suspicions(kind("windows_15min"), ROWS) == []
    assert all(suspicions(kind("seen_frames"), bits(seed)) == [] for seed in range(20))
    assert suspicions(kind("seen_frames"), crop() + crop(1)) == [], "bits may be as random as noise"
    assert suspicions(kind("notes"), "Schlußverkauf – 50 % „auf alles“ ☀\t\x1b[1m".encode()) == []


@pytest.mark.parametrize("at", [0, 512, 8_000])
@pytest.mark.parametrize("what", [face(), crop(), JPEG * 3])
def test_a_picture_among_packed_rows_is_no_row(what: bytes, at: int) -> None:
    hidden = ROWS[:at] + what[: len(what) // 8 * 8] + ROWS[at + len(what) // 8 * 8 :]
    assert suspicions(kind("windows_15min"), hidden)
    assert suspicions(kind("windows_15min"), ROWS + what)
    assert suspicions(kind("windows_15min"), ROWS[:at] + what), "not a whole number of sums"


def test_sums_that_no_window_can_have_are_told() -> None:
    for column, value in ((VISITS, -1), (VISITS, 2**48), (WIDTH - 1, 1)):
        row = row_of("happy")
        row[column] = value
        assert suspicions(kind("windows_1d"), row.astype(STORED).tobytes())
    assert max(np.r_[tuple(COLUMNS.values())]) < WIDTH - 1


def test_a_face_among_the_bits_is_found_and_a_longer_bitmap_too() -> None:
    frames = bits(1)
    assert suspicions(kind("seen_frames"), frames[:777] + face() + frames[777 + CROP_BYTES :])
    assert suspicions(kind("seen_reports"), frames + b"\xff")
    assert not has_pixels(frames)


def test_bytes_that_are_no_text_are_found_among_much_text() -> None:
    text = b"a line of a log, with a number: 17\n" * 500
    assert is_raw(text + crop() + text, CROP_BYTES)
    assert not is_raw(text, CROP_BYTES)
    assert suspicions(kind("alerts"), text + crop()[:300] + text), "a small packed picture is no text either"


def test_findings_in_a_log_name_the_line_and_none_of_its_content() -> None:
    secret = b64encode(JPEG)
    log = (
        b"started\n" * 70_000 + b"worker | got " + secret + b"\n" + b"ready\n" * 70_000 + crop(5) + b"\nend\n"
    )
    seen = look_through_log(io.BytesIO(log), "log")
    places = dict.fromkeys(misfit.where for misfit in seen.misfits)
    one, several = places
    assert one == "log, line 70,001"
    begin, end = (int(number) for number in re.findall(r"\d+", several.replace(",", "")))
    assert 140_002 - 100 < begin < end <= 140_002 + crop(5).count(b"\n") + 3
    assert secret.decode()[:8] not in str(seen.misfits)
    assert (seen.files, seen.bytes) == (1, len(log))


def test_a_picture_across_two_pieces_of_a_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "store.db").write_bytes(
        b"\0" * (1_000_000 - 1_000) + encode(frame_faces()) + b"\0" * 9
    )
    (tmp_path / "notes.txt").write_text("nothing here")
    seen = look_through_folder(tmp_path)
    assert seen.files == 2
    assert {misfit.where for misfit in seen.misfits} == {str(tmp_path / "deep" / "store.db")}
    assert OVERLAP > CROP_BYTES
    with pytest.raises(Refused, match="there is no folder"):
        look_through_folder(tmp_path / "missing")


def test_a_folder_that_may_not_be_looked_into_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    look = os.scandir

    def scandir(path: str | Path) -> Any:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert [(one.where, one.what) for one in look_through_folder(tmp_path).misfits] == [
        (str(closed), "it cannot be read: permission denied")
    ]


def test_only_known_forms_are_packed() -> None:
    packed = {each.name for each in kinds() if each.form is not Form.TEXT}
    rows = chain(f"windows_{resolution}" for resolution in Resolution)
    assert packed == {*rows, "seen_frames", "seen_reports"}
