"""The equipment that made the report, in the words of every place that names it.

The Contributing Equipment, the observer of the tree and the algorithm identification must say the same
(IHE AIR 6.5.3.1), so they all are written from one value.
"""

from __future__ import annotations

from dataclasses import dataclass

from osteo_pacs.dicom import codes
from osteo_pacs.findings import ModelVersion
from osteo_pacs.report.content_item import ContentItem, Uid, has_concept_mod, has_obs_context
from osteo_pacs.report.sentences import ascii_text

OBSERVER_NAME = "osteo_pacs"


@dataclass(frozen=True, slots=True)
class Device:
    """A model version on a station; every text is ASCII and at most 64 characters, as VR LO wants it."""

    manufacturer: str
    model_name: str
    software_version: str
    device_uid: str
    serial_number: str

    @classmethod
    def of(cls, model: ModelVersion, station_name: str) -> Device:
        """The device that reads with ``model`` on the host ``station_name``."""
        manufacturer, name, version, station = (
            ascii_text(text)[:64] for text in (model.manufacturer, model.name, model.version, station_name)
        )
        return cls(manufacturer, name, version, model.device_uid, station)


def observation_context(device: Device) -> tuple[ContentItem, ...]:
    """The language and the device observer (TID 1204, 1001, 1004)."""
    return (
        has_concept_mod(codes.LANGUAGE, codes.ENGLISH),
        has_obs_context(codes.OBSERVER_TYPE, codes.DEVICE),
        has_obs_context(codes.DEVICE_OBSERVER_UID, Uid(device.device_uid)),
        has_obs_context(codes.DEVICE_OBSERVER_NAME, OBSERVER_NAME),
        has_obs_context(codes.DEVICE_OBSERVER_MANUFACTURER, device.manufacturer),
        has_obs_context(codes.DEVICE_OBSERVER_MODEL_NAME, device.model_name),
        has_obs_context(codes.DEVICE_OBSERVER_SERIAL_NUMBER, device.serial_number),
    )


def algorithm_identification(device: Device, model: ModelVersion) -> tuple[ContentItem, ...]:
    """Name, version, parameters and family of the algorithm (TID 4019)."""
    parameters = (
        f"decision threshold={model.threshold:g}",
        f"calibration={ascii_text(model.calibration)}",
        f"weights sha256={model.weights_sha256}",
        f"positive class={ascii_text(model.label_definition)}",
    )
    return (
        has_concept_mod(codes.ALGORITHM_NAME, device.model_name),
        has_concept_mod(codes.ALGORITHM_VERSION, device.software_version),
        *(has_concept_mod(codes.ALGORITHM_PARAMETERS, parameter) for parameter in parameters),
        has_concept_mod(codes.ALGORITHM_FAMILY, codes.ARTIFICIAL_INTELLIGENCE),
    )
