import pytest

from runtime.urls import without_secrets


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://cam:554/door", "rtsp://cam:554/door"),
        ("rtsp://admin:plain@cam:554/door?token=x#y", "rtsp://cam:554/door"),
        ("rtsp://admin:pa/ss@cam/door", "rtsp://cam/door"),
        ("rtsp://admin:p@ss@cam/door", "rtsp://cam/door"),
        ("rtsp://admin:p[ss@cam/door", "rtsp://cam/door"),
        ("rtsp://admin:pa?ss@cam/door", "rtsp://…"),
        ("rtsp://admin:pa#ss@cam/door", "rtsp://…"),
        ("http://cam/video.cgi?usr=admin&pwd=P@ss", "http://…"),
        ("http://cam/video.cgi?pwd=Pass", "http://cam/video.cgi"),
    ],
)
def test_no_secret_of_a_url_is_shown_whatever_signs_it_has(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
