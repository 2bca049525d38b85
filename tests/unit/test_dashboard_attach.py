"""The page "Cameras" says how one is attached, as the README does."""

from dashboard.pages.cameras import how_to_attach


def test_a_system_that_asks_nobody_needs_no_permission() -> None:
    words, command = how_to_attach("shop-1", is_guarded=False)
    assert "MOODLENS_MQTT_HOST" in words
    assert command == "python -m producer --camera shop-1/name --source 0"


def test_a_server_lets_a_camera_in_first() -> None:
    words, commands = how_to_attach("shop-1", is_guarded=True)
    assert words.startswith("On the server, let it in")
    assert commands.splitlines() == [
        "docker compose run --rm -T admin enroll shop-1/name --env > name.env",
        "python -m producer --env-file name.env --source 0",
    ]
