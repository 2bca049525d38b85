"""The tables and examples of docs/contract.md, made of the code."""

from collections.abc import Callable
from functools import partial
from typing import Final

from contract import alert_state, announcements, erasures, events, model, notes, rules
from tests.support.redis_tables import keys_table, row_table, windows_table
from tests.support.struct_sections import sections
from tests.support.wire_tables import labels_table, reasons_table, topics_table

BLOCKS: Final[dict[str, Callable[[], str]]] = {
    "topics": topics_table,
    "camera_events": partial(
        sections,
        (events.FrameFaces, "frame_faces.msgpack"),
        (events.FaceCrop, ""),
        (events.FrameEmotions, "frame_emotions.json"),
        (events.FaceEmotions, ""),
        (events.CameraReport, "camera_report_exclusions.json"),
        (events.CameraStatus, "camera_status.json"),
        (events.Preview, "preview.msgpack"),
    ),
    "announcements": partial(
        sections,
        (announcements.ClosedWindow, "closed_window.json"),
        (announcements.Alert, "alert.json"),
    ),
    "log_events": partial(sections, (events.FrameLoss, "frame_loss_shed.json")),
    "stored": partial(
        sections,
        (rules.ThresholdRule, ""),
        (rules.DeviationRule, ""),
        (alert_state.AlertState, ""),
        (alert_state.Acknowledgement, "acknowledgement.json"),
        (notes.SiteNote, "note.json"),
        (erasures.Erasure, ""),
        (model.ModelCard, ""),
        (model.ModelFile, ""),
        (model.ModelData, ""),
    ),
    "reasons": reasons_table,
    "keys": keys_table,
    "windows": windows_table,
    "row": row_table,
    "labels": labels_table,
}
