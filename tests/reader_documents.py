"""Documents as readers' and scanners' software writes them, from what they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    UID,
    EnhancedSRStorage,
    ExplicitVRLittleEndian,
    KeyObjectSelectionDocumentStorage,
    generate_uid,
)

from osteo_pacs.dicom import codes
from osteo_pacs.dicom.codes import CodedConcept


def code(concept: CodedConcept | tuple[str, str, str]) -> Dataset:
    value, scheme, meaning = (
        concept if isinstance(concept, tuple) else (concept.value, concept.scheme, concept.meaning)
    )
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = value, scheme, meaning
    return ds


def successor(report: Dataset, *, present: bool | None, agreement: CodedConcept | None = None) -> Dataset:
    """A reader's verified successor of our report: it says Present, Absent, or, of None, Undetermined."""
    ds = _renamed(deepcopy(report), generate_uid())
    ds.VerificationFlag, ds.CompletionFlag = "VERIFIED", "COMPLETE"
    observer = Dataset()
    observer.VerifyingObserverName, observer.VerifyingOrganization = "READER^ONE", "Test Site"
    observer.VerificationDateTime = "20260201083000+0000"
    observer.VerifyingObserverIdentificationCodeSequence = []
    ds.VerifyingObserverSequence = [observer]
    ds.PredecessorDocumentsSequence = [evidence(report)]
    _answer(ds, {True: codes.PRESENT, False: codes.ABSENT, None: codes.UNDETERMINED}[present])
    if agreement is not None:
        item = Dataset()
        item.RelationshipType, item.ValueType = "CONTAINS", "CODE"
        item.ConceptNameCodeSequence = [code(("121071", "DCM", "Finding"))]
        item.ConceptCodeSequence = [code(agreement)]
        ds.ContentSequence.append(item)
    return ds


def key_objects(rejected: Dataset, title: CodedConcept) -> Dataset:
    """A Key Object Selection of one instance."""
    ds = _document(rejected, KeyObjectSelectionDocumentStorage)
    ds.Modality = "KO"
    ds.ConceptNameCodeSequence = [code(title)]
    ds.CurrentRequestedProcedureEvidenceSequence = [evidence(rejected)]
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ValueType = "IMAGE" if "Rows" in rejected or rejected.Modality == "CR" else "COMPOSITE"
    item.ReferencedSOPSequence = [_reference(rejected)]
    ds.ContentSequence = [item]
    return ds


def scanner_report(image: Dataset, measured: Mapping[str, tuple[tuple[str, str, str], float]]) -> Dataset:
    """A scanner's Enhanced SR: a container for each region, with one measurement in it."""
    ds = _document(image, EnhancedSRStorage)
    ds.Modality, ds.CompletionFlag, ds.VerificationFlag = "SR", "COMPLETE", "UNVERIFIED"
    ds.ConceptNameCodeSequence = [code(("1", "99SCANNER", "Bone densitometry"))]
    ds.ContentSequence = [_region(region, *values) for region, values in measured.items()]
    return ds


def evidence(ds: Dataset) -> Dataset:
    """One instance as the evidence and the predecessors name it."""
    series, study = Dataset(), Dataset()
    series.ReferencedSOPSequence, series.SeriesInstanceUID = [_reference(ds)], ds.SeriesInstanceUID
    study.ReferencedSeriesSequence, study.StudyInstanceUID = [series], ds.StudyInstanceUID
    return study


def _region(region: str, name: tuple[str, str, str], number: float) -> Dataset:
    value = Dataset()
    value.NumericValue, value.MeasurementUnitsCodeSequence = f"{number}", [code(("1", "UCUM", "no units"))]
    item, container = Dataset(), Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", "NUM"
    item.ConceptNameCodeSequence, item.MeasuredValueSequence = [code(name)], [value]
    container.RelationshipType, container.ValueType = "CONTAINS", "CONTAINER"
    container.ConceptNameCodeSequence = [code((f"R-{region}", "99SCANNER", region))]
    container.ContinuityOfContent, container.ContentSequence = "SEPARATE", [item]
    return container


def _document(of: Dataset, sop_class_uid: str) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = UID(sop_class_uid)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = of.StudyInstanceUID, generate_uid()
    ds.PatientID, ds.PatientName = of.PatientID, of.PatientName
    ds.ContentDate, ds.ContentTime, ds.TimezoneOffsetFromUTC = "20260201", "083000", "+0000"
    ds.ValueType, ds.ContinuityOfContent, ds.InstanceNumber, ds.SeriesNumber = "CONTAINER", "SEPARATE", 1, 1
    return _renamed(ds, generate_uid())


def _renamed(ds: Dataset, uid: str) -> Dataset:
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    return ds


def _reference(ds: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    return reference


def _answer(ds: Dataset, answer: CodedConcept) -> None:
    """Writes the answer where our report has its own, coded or as a line of text."""
    for item in ds.get("ContentSequence", ()):
        _answer(item, answer)
    if ds.get("ValueType") == "CODE" and ds.ConceptNameCodeSequence[0].CodeValue == codes.OSTEOPOROSIS.value:
        ds.ConceptCodeSequence = [code(answer)]
    elif ds.get("ValueType") == "TEXT":
        word = answer.meaning.upper()
        ds.TextValue = ds.TextValue.replace("Osteoporosis: PRESENT", f"Osteoporosis: {word}")
