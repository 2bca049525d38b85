"""``admin ca``: the certificate of this server's authority, for browsers and cameras that shall trust it."""

import argparse
import sys
from typing import Any

from admin.settings import AdminSettings
from admin.vault import CA_CERTIFICATE, Vault
from runtime.settings import load_settings


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser(
        "ca",
        help="print the certificate of this server's authority",
        description="Prints the certificate of this server's authority (PEM); it is no secret.",
    )
    parser.set_defaults(do=_do)


def _do(_arguments: argparse.Namespace) -> None:
    sys.stdout.write(Vault(load_settings(AdminSettings).secrets_dir).read_text(CA_CERTIFICATE) + "\n")
