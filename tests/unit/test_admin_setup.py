"""`admin setup`: what is missing is made, what is there stays, what was interrupted is finished."""

import json
import stat
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from admin import vault as names
from admin.authority import load_certificate
from admin.broker_rights import camera_acls, camera_role
from admin.errors import Refused, SecretsUnusable
from admin.settings import AdminSettings
from admin.setup import FIRST_USER, set_up
from admin.vault import Vault
from dashboard.access.passwords import is_password_of
from dashboard.access.users import read_users

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENOUGH_FILES = 30
AS_IT_WAS = "as it was"


def run(folder: Path, now: datetime = NOW, *, server: str = "localhost", rotate: bool = False) -> list[str]:
    told: list[str] = []
    settings = AdminSettings(secrets_dir=folder, server_names=server)
    set_up(settings, now, told.append, rotate_services=rotate)
    return told


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changed(before: dict[str, bytes], folder: Path) -> set[str]:
    return {name for name, content in contents(folder).items() if before.get(name) != content}


def test_the_first_run_makes_everything_and_the_second_nothing(tmp_path: Path) -> None:
    run(tmp_path)
    made = contents(tmp_path)
    assert run(tmp_path) == ["nothing to do"]
    assert contents(tmp_path) == made


def test_the_first_users_password_is_shown_once_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    told = "\n".join(run(tmp_path, server="shop.example"))
    assert "https://shop.example:8501" in told
    password = told.split("Password:")[1].split()[0]
    user = read_users(tmp_path / names.USERS_FILE).find(FIRST_USER)
    assert user
    assert user.sites is None
    assert is_password_of(password, user.password)
    assert not [name for name, content in contents(tmp_path).items() if password.encode() in content]


def test_no_server_is_told_a_services_password_and_nobody_else_may_read_any(tmp_path: Path) -> None:
    run(tmp_path)
    told = (tmp_path / names.BROKER_CLIENTS).read_text() + (tmp_path / names.REDIS_USERS).read_text()
    for service in names.SERVICES:
        assert (tmp_path / service / "moodlens_mqtt_password").read_text() not in told
        url = (tmp_path / service / "moodlens_redis_url").read_text()
        assert url.split(":")[2].partition("@")[0] not in told
    assert "user default reset off allkeys allchannels +@all\n" in told
    for path in tmp_path.rglob("*"):
        assert not path.stat().st_mode & (stat.S_IRWXO), f"{path} is open to everybody"


def test_a_certificate_is_renewed_before_it_ends_and_for_other_names_with_the_same_authority(
    tmp_path: Path,
) -> None:
    run(tmp_path)
    made = contents(tmp_path)
    assert run(tmp_path, NOW + timedelta(days=366)) == ["nothing to do"]
    later = run(tmp_path, NOW + timedelta(days=368))
    assert len(later) == 2
    assert "it ends on 2027-04-02" in later[0]
    certificates = {f"{owner}/server.{end}" for owner in ("broker", "dashboard") for end in ("crt", "key")}
    assert changed(made, tmp_path) == certificates
    assert "its names are others" in run(tmp_path, NOW + timedelta(days=368), server="10.0.0.7")[0]
    assert made[names.CA_CERTIFICATE] == (tmp_path / names.CA_CERTIFICATE).read_bytes()


def test_an_authority_that_will_end_is_told_of(tmp_path: Path) -> None:
    run(tmp_path)
    assert "the private authority ends in 350 days" in run(tmp_path, NOW + timedelta(days=3302))[0]


def test_services_get_new_passwords_when_asked_and_cameras_keep_theirs(tmp_path: Path) -> None:
    run(tmp_path)
    before = contents(tmp_path)
    add_camera(tmp_path, "shop/door")
    assert "new passwords for all services: start them anew" in run(tmp_path, rotate=True)
    after = changed(before, tmp_path)
    assert {f"{service}/moodlens_mqtt_password" for service in names.SERVICES} <= after
    assert {f"{service}/moodlens_redis_url" for service in names.SERVICES} <= after
    assert names.USERS_FILE not in after
    assert names.CA_CERTIFICATE not in after
    assert camera_of(tmp_path, "shop/door")["password"] == AS_IT_WAS
    assert run(tmp_path) == ["nothing to do"]


def test_a_new_version_brings_services_and_cameras_rights_up_to_date(tmp_path: Path) -> None:
    run(tmp_path)
    add_camera(tmp_path, "shop/door", acls=[])
    path = tmp_path / names.BROKER_CLIENTS
    document = json.loads(path.read_text())
    document["clients"] = [client for client in document["clients"] if client["username"] != "aggregator"]
    document["roles"] = [
        {**role, "acls": role["acls"][1:]} if role["rolename"] == "worker" else role
        for role in document["roles"]
    ]
    path.write_text(json.dumps(document))
    assert run(tmp_path) == ["brought up to date what services and cameras may do at the broker"]
    roles = {role["rolename"]: role["acls"] for role in json.loads(path.read_text())["roles"]}
    assert roles[camera_role("shop/door")] == camera_acls("shop/door")
    assert camera_of(tmp_path, "aggregator")["roles"] == [{"rolename": "aggregator"}]
    assert camera_of(tmp_path, "shop/door")["password"] == AS_IT_WAS


def test_the_brokers_own_order_of_permissions_is_no_change(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / names.BROKER_CLIENTS
    document = json.loads(path.read_text())
    for role in document["roles"]:
        role["acls"].reverse()
    path.write_text(json.dumps(document))
    assert run(tmp_path) == ["nothing to do"]


@pytest.mark.parametrize("writes", range(ENOUGH_FILES))
def test_a_run_that_is_interrupted_anywhere_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    class Interrupted(Exception):
        pass

    left, write = writes, Vault.write

    def interrupted(vault: Vault, name: str, content: str | bytes, mode: int = 0o640) -> bool:
        nonlocal left
        if left == 0:
            raise Interrupted
        left -= 1
        return write(vault, name, content, mode)

    with monkeypatch.context() as patch, suppress(Interrupted):
        patch.setattr(Vault, "write", interrupted)
        run(tmp_path)
    kept = contents(tmp_path)
    run(tmp_path)
    lost = {name for name in kept if kept[name] != (tmp_path / name).read_bytes()}
    assert not lost - {names.BROKER_CLIENTS, "authority/ca.key", "broker/server.key", "dashboard/server.key"}
    assert run(tmp_path) == ["nothing to do"]
    load_certificate((tmp_path / names.BROKER_CERTIFICATE).read_bytes())


def test_bad_names_and_broken_files_end_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="'bad name' is neither a host name nor an address"):
        run(tmp_path, server="shop, bad name")
    run(tmp_path)
    (tmp_path / names.BROKER_CLIENTS).write_text("[]")
    with pytest.raises(SecretsUnusable, match=r"dynamic-security\.json: it is no list"):
        run(tmp_path)
    (tmp_path / names.BROKER_CERTIFICATE).write_text("")
    with pytest.raises(SecretsUnusable, match=r"server\.crt"):
        run(tmp_path)


def test_what_the_broker_keeps_to_itself_is_told_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path)
    read = Vault.read

    def denied(vault: Vault, name: str) -> bytes:
        if name == names.BROKER_CLIENTS:
            raise SecretsUnusable("dynamic-security.json: permission denied")
        return read(vault, name)

    monkeypatch.setattr(Vault, "read", denied)
    (told,) = run(tmp_path)
    assert "permission denied: what the broker lets services do stays as it was" in told


def add_camera(folder: Path, camera: str, acls: list[dict[str, object]] | None = None) -> None:
    path = folder / names.BROKER_CLIENTS
    document = json.loads(path.read_text())
    document["clients"].append({"username": camera, "password": AS_IT_WAS, "roles": []})
    document["roles"].append(
        {"rolename": camera_role(camera), "acls": camera_acls(camera) if acls is None else acls}
    )
    path.write_text(json.dumps(document))


def camera_of(folder: Path, username: str) -> dict[str, object]:
    clients = json.loads((folder / names.BROKER_CLIENTS).read_text())["clients"]
    return next(client for client in clients if client["username"] == username)
