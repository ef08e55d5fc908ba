"""From a claimed study to what the model can read: which instances, whose, how old, which pixels.

Every foreign byte is touched in the decoder's bounded child alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydicom import Dataset

from osteo_pacs.config import Rule
from osteo_pacs.db.instances import InstanceDecision, InstanceRow
from osteo_pacs.decode import Decoder, Undecodable
from osteo_pacs.dicom.age import age_years
from osteo_pacs.errors import PermanentError
from osteo_pacs.findings import InstanceRef, Refusal, RefusalReason, input_digest
from osteo_pacs.images import GreyImage
from osteo_pacs.log import get_logger
from osteo_pacs.select import decide
from osteo_pacs.spool import Spool


class PatientChanged(PermanentError):
    """The study's instances name different patients."""

    remedy = "Mend the study in the PACS, and send it again under a new Study Instance UID."


class InstancesRemoved(PermanentError):
    """Retention has removed images of the study, so that it cannot be read as a whole."""

    remedy = "Send the whole study again from the PACS, then retry the job."


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An instance that is not read, and why; ``header`` is None where it is no image or no header."""

    row: InstanceRow
    reason: str
    header: Dataset | None = None
    is_made_by_software: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A spine image that does not come before the model."""

    row: InstanceRow
    header: Dataset
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Image:
    """A spine image whose pixels are ready for the model; ``reason`` is why it was selected."""

    row: InstanceRow
    header: Dataset
    reason: str
    instance: InstanceRef
    pixel_sha256: str
    grey: GreyImage
    age_is_unknown: bool


Judged = PassedOver | Refused | Image


@dataclass(frozen=True, slots=True)
class OpenedStudy:
    """A study's instances in the order in which they came, each judged."""

    study_instance_uid: str
    judged: tuple[Judged, ...]
    repetition: int = 0

    @property
    def images(self) -> tuple[Image, ...]:
        """What comes before the model."""
        return tuple(judged for judged in self.judged if isinstance(judged, Image))

    @property
    def input_digest(self) -> str:
        """Names what the study is read from: the images of its scanners, whatever became of each.

        Pictures that software made of them are left out. A PACS that sends our own back would otherwise get a
        new report for each, and send its picture back.
        """
        uids = [one.row.sop_instance_uid for one in self.judged if _is_input(one)]
        return input_digest(uids, self.repetition)

    @property
    def decisions(self) -> Iterator[InstanceDecision]:
        """What the database keeps of each instance."""
        for judged in self.judged:
            match judged:
                case PassedOver():
                    yield InstanceDecision(judged.row.id, is_selected=False, reason=judged.reason)
                case Refused():
                    yield InstanceDecision(judged.row.id, is_selected=True, reason=judged.refusal.sentence)
                case Image():
                    yield InstanceDecision(
                        judged.row.id, is_selected=True, reason=judged.reason, pixel_digest=judged.pixel_sha256
                    )


class StudyOpener:
    """Opens studies from the spool by the rules of one installation.

    Args:
        pixel_limit: Rows x Columns x Number of Frames above which an image is refused undecoded.
        min_age_years: the age floor; 0 reads every age.
    """

    def __init__(
        self, spool: Spool, decoder: Decoder, *, rules: Sequence[Rule], pixel_limit: int, min_age_years: int
    ) -> None:
        self._spool = spool
        self._decoder = decoder
        self._rules = rules
        self._pixel_limit = pixel_limit
        self._min_age_years = min_age_years

    def open(self, study_instance_uid: str, rows: Sequence[InstanceRow], *, repetition: int = 0) -> OpenedStudy:
        """Judges every instance, and decodes what is selected.

        Raises:
            InstancesRemoved: images are no longer in the spool.
            PatientChanged: the instances name different patients.
            DecoderUnavailable: the decoding process does not start.
        """
        _refuse_removed(rows)
        headers = {row.id: self._decoder.header(self._spool.path_of(row.path)) for row in rows if row.is_image}
        _refuse_mixed_patients(headers.values())
        judged = (self._judge(row, study_instance_uid, headers.get(row.id)) for row in rows)
        return OpenedStudy(study_instance_uid, tuple(_each_picture_once(judged)), repetition)

    def _judge(self, row: InstanceRow, study_instance_uid: str, header: Dataset | Undecodable | None) -> Judged:
        if header is None:
            return PassedOver(row, "the object is no image")
        if isinstance(header, Undecodable):
            return PassedOver(row, f"its header cannot be read: {header.detail}")
        decision = decide(header, self._rules)
        if not decision.is_selected:
            return PassedOver(row, decision.reason, header, decision.is_made_by_software)
        instance = InstanceRef(
            row.sop_class_uid, row.sop_instance_uid, row.series_instance_uid, study_instance_uid
        )
        return self._open_image(row, instance, header, decision.reason)

    def _open_image(self, row: InstanceRow, instance: InstanceRef, header: Dataset, reason: str) -> Judged:
        age = age_years(header)
        if age is not None and age < self._min_age_years:
            sentence = (
                f"The patient is younger than {self._min_age_years} years; T-scores are not meant for that age."
            )
            return Refused(row, header, refuse(instance, header, RefusalReason.UNDER_AGE, sentence))
        decoded = self._decoder.decode(self._spool.path_of(row.path), self._pixel_limit)
        if isinstance(decoded, Undecodable):
            get_logger().warning(
                "instance_unreadable", instance_id=row.id, reason=decoded.detail, error_type=decoded.error_type
            )
            sentence = f"The image could not be read: {decoded.detail}."
            return Refused(row, header, refuse(instance, header, decoded.reason, sentence))
        return Image(
            row, header, reason, instance, decoded.pixel_sha256, decoded.image, age_is_unknown=age is None
        )


def refuse(instance: InstanceRef, header: Dataset, reason: RefusalReason, sentence: str) -> Refusal:
    """A refusal with the image's size as far as its header tells it."""
    rows, columns = (_size(header, keyword) for keyword in ("Rows", "Columns"))
    return Refusal(instance, rows, columns, reason, sentence)


def _is_input(judged: Judged) -> bool:
    return judged.row.is_image and not (isinstance(judged, PassedOver) and judged.is_made_by_software)


def _size(header: Dataset, keyword: str) -> int:
    value = header.get(keyword)
    return value if isinstance(value, int) and value > 0 else 0


def _refuse_removed(rows: Sequence[InstanceRow]) -> None:
    # Read without them, a late image would supersede what the report says of the others.
    if removed := sum(row.is_image and row.is_removed for row in rows):
        raise InstancesRemoved(f"{removed} of {len(rows)} instances.")


def _refuse_mixed_patients(headers: Iterable[Dataset | Undecodable]) -> None:
    patients = {
        (str(header.get("PatientID") or "").strip(), str(header.get("IssuerOfPatientID") or "").strip())
        for header in headers
        if isinstance(header, Dataset)
    }
    if len(patients) > 1:
        raise PatientChanged(f"{len(patients)} Patient IDs in one study.")


def _each_picture_once(judged: Iterable[Judged]) -> Iterator[Judged]:
    """GE archives send the same pixels again under new UIDs: the first is read, the others say so."""
    seen: set[str] = set()
    for one in judged:
        if isinstance(one, Image) and one.pixel_sha256 in seen:
            yield PassedOver(
                one.row, f"{one.reason}, with the same pixels as an instance that is read", one.header
            )
        else:
            seen.update([one.pixel_sha256] if isinstance(one, Image) else [])
            yield one
