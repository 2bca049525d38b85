"""The door: whether one must sign in, and who it is that comes."""

import ipaddress
from collections.abc import Mapping

from dashboard.access import oidc
from dashboard.access.sessions import HOUR_MS, Sessions, Visitor
from dashboard.access.users import User, UsersFile
from dashboard.settings import DashboardSettings
from runtime.errors import SettingsError

COOKIE = "moodlens_session"
_HOW_TO_ADD = (
    "make a user with `python -m dashboard.access add NAME --all-sites --file users.json` and set "
    "MOODLENS_DASHBOARD_USERS_FILE=users.json"
)


class Door:
    """Who may come in.

    Args:
        users_file: None: everybody may.
        providers: of OpenID Connect, instead of passwords; empty: passwords.
        sessions: the sign-ins.
    """

    def __init__(self, users_file: UsersFile | None, providers: tuple[str, ...], sessions: Sessions) -> None:
        self.users_file = users_file
        self.providers = providers
        self.sessions = sessions

    def visitor(self, cookies: Mapping[str, str]) -> Visitor | None:
        """Who has signed in with these cookies; None: nobody.

        Raises:
            BadUsersFile: the users file cannot be used.
        """
        if not self.users_file:
            return None
        users = self.users_file.users()
        if not self.providers:
            return self.sessions.recognise(users, cookies.get(COOKIE, ""))
        identity = oidc.identify(cookies)
        user = identity and self._user_of(identity)
        if not identity or not user:
            return None
        expires_ms = identity.since_ms + self.sessions.hours * HOUR_MS
        return self.sessions.alive(Visitor(user.name, user.sites, identity.session, expires_ms))

    def stranger(self, cookies: Mapping[str, str]) -> str | None:
        """Whom an OpenID Connect provider has vouched for, and the users file does not list.

        Raises:
            BadUsersFile: the users file cannot be used.
        """
        identity = oidc.identify(cookies) if self.providers else None
        return identity.shown if identity and not self._user_of(identity) else None

    def _user_of(self, identity: oidc.Identity) -> User | None:
        """Users with a password are not meant: a provider's id may happen to be spelled like their name."""
        users = self.users_file.users() if self.users_file else None
        found = (users.find(name) for name in identity.names) if users else ()
        return next((user for user in found if user and not user.password), None)


def open_door(settings: DashboardSettings, sessions: Sessions) -> Door:
    """The door that the settings and Streamlit's ``secrets.toml`` describe.

    Raises:
        SettingsError: one line that says what is missing.
        BadUsersFile: the users file cannot be used.
    """
    providers = oidc.providers()
    users_file = UsersFile(settings.users_file) if settings.users_file else None
    if providers and not users_file:
        raise SettingsError(
            "secrets.toml sets up OpenID Connect, but nobody may come in: list the users with "
            "`python -m dashboard.access add ADDRESS --all-sites --no-password --file users.json` and set "
            "MOODLENS_DASHBOARD_USERS_FILE=users.json"
        )
    if users_file:
        users = users_file.users().by_name.values()
        if not any(bool(user.password) != bool(providers) for user in users):
            kind = "without a password" if providers else "with a password"
            raise SettingsError(f"{users_file.path} lists no user {kind}: nobody could sign in")
    return Door(users_file, providers, sessions)


def refuse_open_door(door: Door, settings: DashboardSettings, host: str) -> None:
    """Ends the program where everybody in the network could come in and nobody has said that this is meant.

    Args:
        door: to look at.
        settings: say whether it is meant.
        host: address to serve on.

    Raises:
        SettingsError: one line that says what to do.
    """
    if not (door.users_file or settings.open or is_loopback(host)):
        raise SettingsError(
            f"without sign-in, {host} would show everything to everybody in the network: {_HOW_TO_ADD}; or "
            "set MOODLENS_DASHBOARD_OPEN=1, where something else keeps strangers out"
        )


def is_loopback(host: str) -> bool:
    """Whether a host, as an address or in a ``Host`` header without its port, is this machine itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
