"""Which detector a camera uses."""

import logging

from producer.detection import Detector
from producer.haar import Haar
from producer.settings import ProducerSettings
from producer.yunet import Yunet
from producer.yunet_file import YunetUnavailable, fetch_yunet, read_yunet

log = logging.getLogger(__name__)


def open_detector(settings: ProducerSettings) -> Detector:
    """The detector that ``settings`` ask for.

    Raises:
        DetectorUnusable: YuNet was asked for, by name or by file, and cannot be had.
    """
    if settings.detector == "haar":
        return Haar(settings.face_min_px, settings.detect_side_max_px, settings.haar_weight_min)
    try:
        model = read_yunet(settings.yunet_file) if settings.yunet_file else fetch_yunet()
    except YunetUnavailable as error:
        if settings.detector == "yunet" or settings.yunet_file:
            raise
        log.warning("%s; using the Haar cascade, which misses small and turned faces", error)
        return Haar(settings.face_min_px, settings.detect_side_max_px, settings.haar_weight_min)
    return Yunet(model, settings.score_min, settings.detect_side_max_px, settings.closeups_max)
