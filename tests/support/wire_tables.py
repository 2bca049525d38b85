"""Tables of what goes over MQTT: topics and who may use them, labels, reasons of refusal."""

from fnmatch import fnmatchcase
from typing import Final

from admin.broker_rights import RECEIVE, SEND, camera_acls, service_roles, subscriber_acls
from contract import codec, events, labels, topics
from contract.topics import Suffix
from producer.connection import PREVIEW_EXPIRY_S
from producer.outbox import LIFETIME_S
from tests.support.events import CAMERA
from tests.support.markdown import table


def topics_table() -> str:
    def line(suffix: Suffix) -> list[object]:
        name = topics.topic(CAMERA, suffix)
        roles = {
            "the camera": camera_acls(CAMERA),
            **{role: acls for role, acls in service_roles().items() if role != "health"},
            "subscribers": subscriber_acls(["shop-1"]),
        }
        ways = {
            kind: ", ".join(
                role
                for role, acls in roles.items()
                if any(
                    acl["acltype"] == kind and fnmatchcase(name, acl["topic"].replace("+", "*"))
                    for acl in acls
                )
            )
            for kind in (SEND, RECEIVE)
        }
        return [f"`…/{suffix}`", _CARRIES[suffix], _SENT[suffix], ways[SEND], ways[RECEIVE]]

    return table(("topic", "carries", "sent with", "may publish", "may read"), map(line, Suffix))


_CARRIES: Final = {
    Suffix.FACES: "[FrameFaces](#framefaces), msgpack",
    Suffix.EMOTIONS: "[FrameEmotions](#frameemotions), JSON",
    Suffix.REPORTS: "[CameraReport](#camerareport), JSON",
    Suffix.STATUS: "[CameraStatus](#camerastatus), JSON",
    Suffix.PREVIEW: "[Preview](#preview), msgpack",
    Suffix.WINDOWS: "[ClosedWindow](#closedwindow), JSON",
    Suffix.ALERTS: "[Alert](#alert), JSON",
}

_SENT: Final = {
    Suffix.FACES: f"QoS 1; expiry **required**, {LIFETIME_S[Suffix.FACES]:.0f} s less its age",
    Suffix.EMOTIONS: f"QoS 1, expiry {LIFETIME_S[Suffix.EMOTIONS]:,.0f} s less its age",
    Suffix.REPORTS: f"QoS 1, expiry {LIFETIME_S[Suffix.REPORTS]:,.0f} s less its age",
    Suffix.STATUS: "QoS 1, retained; also the Last Will, with `online` false",
    Suffix.PREVIEW: f"QoS 0, expiry {PREVIEW_EXPIRY_S} s",
    Suffix.WINDOWS: "QoS 1",
    Suffix.ALERTS: "QoS 1",
}


def reasons_table() -> str:
    return table(("reason", "when"), [(f"`{reason}`", _WHEN[reason]) for reason in codec.Reason])


_WHEN: Final = {
    codec.Reason.UNKNOWN_TOPIC: "the topic has no valid `site/camera`, or is none that workers take",
    codec.Reason.TOO_LARGE: f"more than {codec.PAYLOAD_MAX_BYTES:,} bytes",
    codec.Reason.MALFORMED: "no msgpack, or no JSON",
    codec.Reason.UNKNOWN_SCHEMA: f"`schema` is another number than {events.SCHEMA}",
    codec.Reason.NOT_A_NUMBER: "a NaN or an infinity (msgpack can carry them)",
    codec.Reason.OUT_OF_BOUNDS: "a field is missing, of another type, or beyond its bounds",
    codec.Reason.OTHER_CAMERA: "`camera` is not that of the topic",
    codec.Reason.CLOCK_BEHIND: (
        f"more than {codec.CLOCK_BEHIND_MAX_MS // 60_000} minutes behind the server's clock"
    ),
    codec.Reason.CLOCK_AHEAD: f"more than {codec.CLOCK_AHEAD_MAX_MS // 60_000} minutes ahead of it",
    codec.Reason.RETAINED: "the broker was asked to keep the message",
    codec.Reason.UNBOUNDED: f"a crop without message expiry, or with one above {events.CROP_LIFETIME_S} s",
}


def labels_table() -> str:
    return table(
        ("place", "label", "valence"),
        [(n, f"`{label}`", labels.VALENCES[n]) for n, label in enumerate(labels.LABELS)],
    )
