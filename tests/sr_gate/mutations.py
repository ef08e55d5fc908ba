"""Good reports, damaged on purpose: what the gate must catch, and by which validator."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import pydicom
from pydicom.dataset import Dataset

from osteo_pacs.dicom import codes
from osteo_pacs.report import DocumentKind
from sr_gate import sources
from sr_gate.cases import CASES, WITH_PICTURE
from sr_gate.results import SR
from sr_gate.tree import children, descendants, is_named, named

Damage = Callable[[Dataset], None]


@dataclass(frozen=True)
class Mutation:
    """``damage`` done to a document of ``case`` must be found by ``validator``."""

    validator: str
    damage: Damage
    case: str = "positive"
    kind: DocumentKind = SR

    def document(self) -> bytes:
        """The damaged file."""
        case = {**CASES, **WITH_PICTURE}[self.case]
        ds = pydicom.dcmread(io.BytesIO(case()[self.kind].content))
        self.damage(ds)
        buffer = io.BytesIO()
        ds.save_as(buffer, enforce_file_format=True)
        return buffer.getvalue()


def _group(ds: Dataset) -> Dataset:
    return next(item for item in descendants(ds) if is_named(item, codes.MEASUREMENT_GROUP))


def _item(ds: Dataset, concept: codes.CodedConcept) -> Dataset:
    return next(item for item in descendants(ds) if is_named(item, concept))


def _remove(item: Dataset, concept: codes.CodedConcept) -> None:
    item.ContentSequence = [child for child in children(item) if not is_named(child, concept)]


def _continuous_container(ds: Dataset) -> None:
    _group(ds).ContinuityOfContent = "CONTINUOUS"


def _device_uid_missing(ds: Dataset) -> None:
    del ds.ContributingEquipmentSequence[-1].DeviceUID


def _other_model_name(ds: Dataset) -> None:
    ds.ContributingEquipmentSequence[-1].ManufacturerModelName = "Another model"


def _finding_on_a_negative(ds: Dataset) -> None:
    positive = pydicom.dcmread(io.BytesIO(CASES["positive"]()[SR].content))
    _group(ds).ContentSequence.append(_item(positive, codes.FINDING))


def _probability_on_a_refusal(ds: Dataset) -> None:
    positive = pydicom.dcmread(io.BytesIO(CASES["positive"]()[SR].content))
    _group(ds).ContentSequence.append(_item(positive, codes.PROBABILITY_OF_OSTEOPOROSIS))


def _two_answers(ds: Dataset) -> None:
    _group(ds).ContentSequence.append(_item(ds, codes.OSTEOPOROSIS))


def _evidence_of_another_image(ds: Dataset) -> None:
    series = ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "1.2.3"


def _region_missing(ds: Dataset) -> None:
    _remove(_group(ds), codes.IMAGE_REGION)


def _region_of_five_points(ds: Dataset) -> None:
    region = _item(ds, codes.IMAGE_REGION)
    region.GraphicData = region.GraphicData[:10]


def _tracking_uid_missing(ds: Dataset) -> None:
    _remove(_group(ds), codes.TRACKING_UNIQUE_IDENTIFIER)


def _nameless_image(ds: Dataset) -> None:
    del _item(ds, codes.SOURCE).ConceptNameCodeSequence


def _verified(ds: Dataset) -> None:
    ds.VerificationFlag = "VERIFIED"


def _scheme_undeclared(ds: Dataset) -> None:
    del ds.CodingSchemeIdentificationSequence


def _completion_flag_missing(ds: Dataset) -> None:
    del ds.CompletionFlag


def _sex_unknown_to_dicom(ds: Dataset) -> None:
    ds.PatientSex = "W"


def _forbidden_relationship(ds: Dataset) -> None:
    _item(ds, codes.COMMENT).RelationshipType = "SELECTED FROM"


def _broken_code(ds: Dataset) -> None:
    del _item(ds, codes.FINDING_SITE).ConceptCodeSequence


def _verdict_under_another_name(ds: Dataset) -> None:
    for item in descendants(ds):
        if is_named(item, codes.OSTEOPOROSIS):
            item.ConceptNameCodeSequence[0].CodeMeaning = "Condition"


def _group_outside_the_template(ds: Dataset) -> None:
    _group(ds).ConceptNameCodeSequence[0].CodeValue = "125008"


def _finding_site_out_of_place(ds: Dataset) -> None:
    ds.ContentSequence.append(_item(ds, codes.FINDING_SITE))


def _no_measurement_group(ds: Dataset) -> None:
    _remove(_item(ds, codes.IMAGING_MEASUREMENTS), codes.MEASUREMENT_GROUP)


def _character_set_forgotten(ds: Dataset) -> None:
    ds.PatientName = ds.PatientName.original_string
    del ds.SpecificCharacterSet


def _verdict_missing(ds: Dataset) -> None:
    for item in named([*descendants(ds)], codes.FINDING):
        item.TextValue = str(item.TextValue).replace("Osteoporosis:", "Bone:")


def _verification_unsaid(ds: Dataset) -> None:
    for item in descendants(ds):
        if item.ValueType == "TEXT":
            item.TextValue = str(item.TextValue).replace("not verified", "read")


def _conclusion_last(ds: Dataset) -> None:
    ds.ContentSequence = [*ds.ContentSequence[:-2], ds.ContentSequence[-1], ds.ContentSequence[-2]]


def _last_container_continuous(ds: Dataset) -> None:
    ds.ContentSequence[-1].ContinuityOfContent = "CONTINUOUS"


def _probability_in_text(ds: Dataset) -> None:
    positive = pydicom.dcmread(io.BytesIO(CASES["positive"]()[SR].content))
    ds.ContentSequence[-1].ContentSequence.append(_item(positive, codes.PROBABILITY_OF_OSTEOPOROSIS))


def _picture_forgotten_in_the_evidence(ds: Dataset) -> None:
    [study] = ds.CurrentRequestedProcedureEvidenceSequence
    study.ReferencedSeriesSequence = [
        series
        for series in study.ReferencedSeriesSequence
        if series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == sources.IMAGE
    ]


def _nameless_picture(ds: Dataset) -> None:
    del _item(ds, codes.VISUAL_EXPLANATION).ConceptNameCodeSequence


def _equipment_missing(ds: Dataset) -> None:
    del ds.ContributingEquipmentSequence


def _words_at_the_top(ds: Dataset) -> None:
    pixels = ds.pixel_array.copy()
    pixels[5, 100:300] = 255
    ds.PixelData = pixels.tobytes()


def _method_missing(ds: Dataset) -> None:
    del ds.DerivationCodeSequence


def _conversion_type_missing(ds: Dataset) -> None:
    del ds.ConversionType


_TEXT = DocumentKind.TEXT_SR
_PICTURE = DocumentKind.PICTURE
_ILLUSTRATED = DocumentKind.COMPREHENSIVE_3D_SR_WITH_PICTURE

MUTATIONS: dict[str, Mutation] = {
    "a container is CONTINUOUS": Mutation("rules", _continuous_container),
    "the Device UID is missing": Mutation("rules", _device_uid_missing),
    "the tree names another model": Mutation("rules", _other_model_name),
    "a negative has a Finding": Mutation("rules", _finding_on_a_negative, "negative"),
    "a refusal has a probability": Mutation("rules", _probability_on_a_refusal, "refused"),
    "one question has two answers": Mutation("srread", _two_answers),
    "the evidence is of another image": Mutation("rules", _evidence_of_another_image),
    "a group has no region": Mutation("rules", _region_missing),
    "the region has five points": Mutation("rules", _region_of_five_points),
    "a group has no Tracking UID": Mutation("rules", _tracking_uid_missing),
    "an image has no name": Mutation("rules", _nameless_image),
    "the report is verified": Mutation("dciodvfy", _verified),
    "our scheme is not declared": Mutation("rules", _scheme_undeclared),
    "the Completion Flag is missing": Mutation("dciodvfy", _completion_flag_missing),
    "the sex is no Enumerated Value": Mutation("dciodvfy", _sex_unknown_to_dicom),
    "a relationship is forbidden": Mutation("dsrdump", _forbidden_relationship),
    "a code is missing": Mutation("dsrdump", _broken_code),
    "the verdict has another name": Mutation("dsr2html", _verdict_under_another_name),
    "a group is outside the template": Mutation("pixelmed", _group_outside_the_template),
    "the finding site is out of place": Mutation("pixelmed", _finding_site_out_of_place),
    "there is no measurement group": Mutation("srread", _no_measurement_group),
    "the report does not say that it is unverified": Mutation("rules", _verification_unsaid),
    "the character set is forgotten": Mutation("dsr2html", _character_set_forgotten, "name latin_1"),
    "the text's character set is forgotten": Mutation("dcm2xml", _character_set_forgotten, "name latin_1", _TEXT),
    "the text has no verdict": Mutation("dsr2html", _verdict_missing, kind=_TEXT),
    "the text does not say that it is unverified": Mutation("rules", _verification_unsaid, kind=_TEXT),
    "the text's conclusion is not first": Mutation("rules", _conclusion_last, kind=_TEXT),
    "the text's container is CONTINUOUS": Mutation("rules", _last_container_continuous, kind=_TEXT),
    "the text's Completion Flag is missing": Mutation("dciodvfy", _completion_flag_missing, kind=_TEXT),
    "the text has a measurement": Mutation("dsrdump", _probability_in_text, kind=_TEXT),
    "the picture is not in the evidence": Mutation(
        "rules", _picture_forgotten_in_the_evidence, "positive with picture", _ILLUSTRATED
    ),
    "the reference to the picture has no name": Mutation(
        "rules", _nameless_picture, "positive with picture", _ILLUSTRATED
    ),
    "the picture could be read": Mutation("rules", _equipment_missing, "positive with picture", _PICTURE),
    "words stand where viewers write": Mutation("rules", _words_at_the_top, "positive with picture", _PICTURE),
    "the picture's method is not named": Mutation("rules", _method_missing, "positive with picture", _PICTURE),
    "the picture has no Conversion Type": Mutation(
        "dciodvfy", _conversion_type_missing, "positive with picture", _PICTURE
    ),
    "the picture's character set is forgotten": Mutation(
        "dcm2xml", _character_set_forgotten, "name latin_1 with picture", _PICTURE
    ),
}
