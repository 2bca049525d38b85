"""AWS IoT policies: a camera says its own, a bridge hears its sites', and neither may do more. Pure."""

import json
from dataclasses import dataclass
from typing import Any, Final

from contract.topics import ROOT
from edge.iot_core.names import CARRIED, RETAINED, bridge_id, filter_of

SITE: Final = "${iot:Connection.Thing.Attributes[site]}"
CAMERA: Final = "${iot:Connection.Thing.Attributes[camera]}"
"""Attributes of the camera's thing: a policy cannot take its name apart."""

POLICY_MAX: Final = 2048
"""Characters of a policy, white space apart: a quota of AWS IoT Core that it does not raise."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where the policies hold.

    Attributes:
        region: e.g. ``eu-central-1``.
        number: of the account, twelve digits.
        partition: ``aws``, or that of a region apart.
    """

    region: str
    number: str
    partition: str = "aws"

    def arn(self, kind: str, name: str) -> str:
        """A resource of IoT Core."""
        return f"arn:{self.partition}:iot:{self.region}:{self.number}:{kind}/{name}"


def camera_policy(account: Account) -> dict[str, Any]:
    """One policy for all cameras: what it allows depends on the thing that the certificate belongs to."""
    own = [account.arn("topic", f"{ROOT}/{SITE}/{CAMERA}/{suffix}") for suffix in CARRIED]
    kept = [account.arn("topic", f"{ROOT}/{SITE}/{CAMERA}/{suffix}") for suffix in RETAINED]
    return _policy(
        _allow("iot:Connect", [account.arn("client", f"camera.{SITE}.{CAMERA}")], attached=True),
        _allow("iot:Publish", own),
        _allow("iot:RetainPublish", kept),
    )


def bridge_policy(account: Account, bridge: str, sites: tuple[str, ...]) -> dict[str, Any]:
    """The policy of one store's bridge.

    Args:
        account: where.
        bridge: its name.
        sites: whose cameras it hears; ``+``: all.
    """
    filters = [filter_of(site, suffix) for site in sites for suffix in CARRIED]
    return _policy(
        _allow("iot:Connect", [account.arn("client", bridge_id(bridge))], attached=True),
        _allow("iot:Subscribe", [account.arn("topicfilter", name) for name in filters]),
        # a policy's wildcard for topics is *
        _allow("iot:Receive", [account.arn("topic", name.replace("+", "*")) for name in filters]),
    )


def sites_max(account: Account, bridge: str, sites: tuple[str, ...]) -> int:
    """How many of these sites, from the first on, the policy of one bridge has room for."""
    sizes = [
        len(json.dumps(bridge_policy(account, bridge, sites[:count]), separators=(",", ":")))
        for count in range(1, len(sites) + 1)
    ]
    return sum(size <= POLICY_MAX for size in sizes)


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(action: str, resources: list[str], *, attached: bool = False) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resources}
    if attached:
        statement["Condition"] = {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
    return statement
