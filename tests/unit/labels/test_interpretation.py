"""What documents of readers and scanners say, from real objects read by the real decoding process."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import EnhancedSRStorage, KeyObjectSelectionDocumentStorage

from osteo_pacs import shipped
from osteo_pacs.config.labels import TScoreItem
from osteo_pacs.decode import Decoder, Undecodable
from osteo_pacs.dicom import codes
from osteo_pacs.dicom.uids import tracking_uid
from osteo_pacs.labels.effective import Says, Source
from osteo_pacs.labels.interpretation import Known, Nothing, Report, Said, interpret, named_uids
from osteo_pacs.report import DocumentKind
from reader_documents import code, key_objects, scanner_report, successor
from sr_gate.results import documents, finding
from sr_gate.sources import ge

WRITTEN = datetime(2026, 2, 1, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def decoder():
    with Decoder(shipped.BUNDLE) as running:
        yield running


@pytest.fixture(scope="module")
def spine():
    return ge()


@pytest.fixture(scope="module")
def ours(spine):
    """Our positive report as SR and as text."""
    kinds = {DocumentKind.COMPREHENSIVE_3D_SR, DocumentKind.TEXT_SR}
    written = documents([spine], finding(spine, 0.9), kinds=frozenset(kinds))
    return {kind: dcmread(io.BytesIO(one.content)) for kind, one in written.items()}


@pytest.fixture
def said(decoder, spine, ours, tmp_path):
    """What a Data Set says of study 1, which has our report, positive unless told otherwise."""

    def read(ds: Dataset, *mappings: TScoreItem, is_positive=True, is_ours=False):
        path = tmp_path / "document.dcm"
        ds.save_as(path, enforce_file_format=True)
        document = decoder.document(path)
        assert not isinstance(document, Undecodable), document
        assert document.sop_instance_uid in named_uids(document)
        known = Known(
            study_id=7,
            is_ours=is_ours,
            reports={str(one.SOPInstanceUID): Report(1, is_positive) for one in ours.values()},
            images={str(spine.SOPInstanceUID): 1},
            questions=frozenset({tracking_uid(spine.SOPInstanceUID, codes.OSTEOPOROSIS.value)}),
        )
        return interpret(document, known, mappings, cut_off=-2.5)

    return read


@pytest.fixture(params=[DocumentKind.COMPREHENSIVE_3D_SR, DocumentKind.TEXT_SR])
def report(request, ours):
    return ours[request.param]


@pytest.mark.parametrize(("present", "says"), [(True, Says.POSITIVE), (False, Says.NEGATIVE)])
def test_a_verified_successor_of_our_report_is_a_label(said, report, present, says):
    [found] = said(successor(report, present=present))
    assert found == Said(1, says, Source.SR, "READER^ONE", WRITTEN)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"VerificationFlag": "UNVERIFIED"}, "not verified"),
        ({"CompletionFlag": "PARTIAL"}, "not complete"),
        ({"PredecessorDocumentsSequence": []}, "succeeds no report of ours"),
    ],
)
def test_what_is_no_verified_successor_is_none(said, report, changes, reason):
    ds = successor(report, present=False)
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    assert isinstance(found := said(ds), Nothing)
    assert reason in found.reason


def test_our_own_report_that_comes_back_is_no_label(said, report):
    report = successor(report, present=True)
    assert said(report, is_ours=True) == Nothing("it is a report of ours that came back")


def test_undetermined_is_no_label(said, ours):
    ds = successor(ours[DocumentKind.COMPREHENSIVE_3D_SR], present=None)
    assert said(ds) == Nothing("it leaves the finding undetermined")


def test_agreement_and_finding_go_together(said, ours):
    sr = ours[DocumentKind.COMPREHENSIVE_3D_SR]
    [agreed] = said(successor(sr, present=True, agreement=codes.AGREEMENT_WITH_PRIOR_FINDINGS))
    [corrected] = said(successor(sr, present=False, agreement=codes.DISAGREEMENT_WITH_PRIOR_FINDINGS))
    assert (agreed.says, agreed.agrees) == (Says.POSITIVE, True)
    assert (corrected.says, corrected.agrees) == (Says.NEGATIVE, False)
    torn = said(successor(sr, present=False, agreement=codes.AGREEMENT_WITH_PRIOR_FINDINGS))
    assert torn == Nothing("its agreement and its finding contradict each other")


def test_a_finding_beside_our_question_does_not_count(said, ours):
    ds = successor(ours[DocumentKind.COMPREHENSIVE_3D_SR], present=False)
    other = Dataset()
    other.RelationshipType, other.ValueType = "CONTAINS", "CODE"
    other.ConceptNameCodeSequence, other.ConceptCodeSequence = [code(codes.OSTEOPOROSIS)], [code(codes.PRESENT)]
    ds.ContentSequence.append(other)
    [found] = said(ds)
    assert found.says is Says.NEGATIVE


@pytest.mark.parametrize("title", [codes.REJECTED_FOR_QUALITY_REASONS, codes.QUALITY_ISSUE])
@pytest.mark.parametrize("of", ["report", "image"])
def test_key_objects_that_reject_leave_the_study_out(said, ours, spine, title, of):
    rejected = ours[DocumentKind.COMPREHENSIVE_3D_SR] if of == "report" else spine
    [found] = said(key_objects(rejected, title))
    assert (found.study_id, found.says, found.source) == (1, Says.EXCLUDE, Source.REJECTION)


def test_other_key_objects_say_nothing(said, spine):
    of_interest = codes.CodedConcept("113000", "DCM", "Of Interest")
    assert said(key_objects(spine, of_interest)) == Nothing("its title is no rejection")
    stranger = ge()
    stranger.SOPInstanceUID = "1.2.3.4.5"
    rejected = said(key_objects(stranger, codes.QUALITY_ISSUE))
    assert rejected == Nothing("it rejects nothing that is known here")


BY_CODE = TScoreItem(code="T-L14", scheme="99SCANNER")
BY_WORDS = TScoreItem(meaning="l1-l4 t-score", unit="1")
IN_REGION = TScoreItem(meaning="T-score", region_meaning="L1-L4")


@pytest.mark.parametrize(
    ("name", "mapping"),
    [
        (("T-L14", "99SCANNER", "whatever"), BY_CODE),
        (("x", "99Y", "L1-L4 T-Score"), BY_WORDS),
        (("x", "99Y", "T-Score"), IN_REGION),
    ],
)
@pytest.mark.parametrize("t_score", [-3.1, -2.5, -1.0])
def test_a_t_score_that_the_site_has_named_is_a_label(said, spine, name, mapping, t_score):
    says = Says.of(t_score <= -2.5)
    ds = scanner_report(spine, {"L1-L4": (name, t_score), "L2": (("x", "99Z", "L2 value"), -9.0)})
    [found] = said(ds, mapping)
    assert (found.study_id, found.says, found.source, found.t_score) == (7, says, Source.T_SCORE, t_score)


def test_a_t_score_that_nobody_named_or_that_is_ambiguous_is_none(said, spine):
    name = ("x", "99Y", "T-Score")
    ds = scanner_report(spine, {"L1-L4": (name, -3.0), "L2-L4": (name, -2.0)})
    assert isinstance(said(ds), Nothing)
    assert "2 different T-scores" in said(ds, TScoreItem(meaning="T-score")).reason
    [found] = said(ds, IN_REGION)
    assert found.t_score == -3.0
    far = scanner_report(spine, {"L1-L4": (name, -30.0)})
    assert said(far, IN_REGION) == Nothing("its T-score is not plausible")


def test_the_classes_are_those_that_the_listener_takes(spine):
    assert scanner_report(spine, {}).SOPClassUID == EnhancedSRStorage
    assert key_objects(spine, codes.QUALITY_ISSUE).SOPClassUID == KeyObjectSelectionDocumentStorage
