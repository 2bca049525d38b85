"""``python -m dashboard.access``."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from admin.errors import Refused
from admin.user import give_new_password
from dashboard.access.passwords import is_password_of, nobodys_hash
from dashboard.access.users import User, Users, read_users, write_users

ANN = User("Ann", None, nobodys_hash())


def command(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dashboard.access", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_adds_lists_and_removes_users(tmp_path: Path) -> None:
    file = ("--file", str(tmp_path / "users.json"))
    made = command("add", "ann", "--all-sites", *file)
    assert made.returncode == 0, made.stderr
    password = re.fullmatch(r"ann may see all sites\.\nPassword, shown only now: (\S+)\n", made.stdout)
    assert password
    chosen = command(
        "add", "ben", "--sites", "shop-1,shop-2", "--password", *file, typed="three quiet rivers\n"
    )
    assert chosen.stdout == "ben may see shop-1, shop-2.\n"
    assert command("add", "cho@shop.example", "--sites", "shop-3", "--no-password", *file).returncode == 0

    users = read_users(tmp_path / "users.json")
    assert is_password_of(password[1], users.by_name["ann"].password)
    assert is_password_of("three quiet rivers", users.by_name["ben"].password)
    assert users.by_name["ben"].sites == frozenset(("shop-1", "shop-2"))
    assert command("list", *file).stdout.splitlines() == [
        "ann\tpassword\tall sites",
        "ben\tpassword\tshop-1, shop-2",
        "cho@shop.example\tOpenID Connect\tshop-3",
    ]

    assert command("remove", "ben", *file).returncode == 0
    assert not read_users(tmp_path / "users.json").find("ben")


@pytest.mark.parametrize(
    ("arguments", "typed", "reason"),
    [
        (("add", "ann", "--all-sites"), "", "ann exists; --replace gives"),
        (("add", "dan", "--sites", "Shop 1"), "", "'Shop 1' is no site"),
        (("add", "d an", "--all-sites"), "", "'d an' is no name"),
        (("add", "dan", "--all-sites", "--password"), "too short\n", "15 to 256 characters"),
        (("remove", "dan"), "", "there is no user dan"),
    ],
)
def test_the_command_says_in_one_line_what_it_cannot_do(
    tmp_path: Path, arguments: tuple[str, ...], typed: str, reason: str
) -> None:
    path = tmp_path / "users.json"
    write_users(path, Users().with_user(ANN))
    before = path.read_bytes()
    refused = command(*arguments, "--file", str(path), typed=typed)
    assert refused.returncode == 1
    assert reason in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert path.read_bytes() == before


def test_a_replaced_password_is_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    write_users(path, Users().with_user(ANN))
    assert command("add", "Ann", "--sites", "shop-1", "--replace", "--file", str(path)).returncode == 0
    users = read_users(path)
    assert list(users.by_name) == ["ann"]
    assert users.by_name["ann"].sites == frozenset(("shop-1",))
    assert users.by_name["ann"].password != ANN.password


def test_who_signs_in_elsewhere_is_given_no_password(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    write_users(path, Users().with_user(User("cho@shop.example", None)))
    with pytest.raises(Refused, match="signs in with OpenID Connect"):
        give_new_password(path, "cho@shop.example")
    assert not read_users(path).by_name["cho@shop.example"].password


def test_an_operators_commands_do_without_the_web_server() -> None:
    code = (
        "import sys, admin.export, admin.setup, admin.user; "
        "sys.exit(' '.join({'streamlit', 'starlette'} & set(sys.modules)) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
