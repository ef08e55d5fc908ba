"""From judged instances and what the model said of them to a study's result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydicom import Dataset

from osteo_pacs.findings import Finding, InstanceRef, ModelVersion, Reading, RefusalReason, StudyResult
from osteo_pacs.infer.outcome import Prediction, RefusedImage
from osteo_pacs.worker.study import Image, OpenedStudy, PassedOver, Refused, refuse

Answer = Prediction | RefusedImage
Answers = Mapping[int, Answer]
"""What the model said, by the row id of the instance."""


def study_result(study: OpenedStudy, answers: Answers, model: ModelVersion) -> StudyResult:
    """The readings of the study's spine images; none where no instance is one."""
    readings = tuple(_readings(study, answers))
    return StudyResult(study.study_instance_uid, model, readings)


def refused_as_a_whole(study: OpenedStudy, model: ModelVersion) -> StudyResult:
    """For destinations that want an answer to every study: each image refused, because none is a spine."""
    readings = tuple(
        refuse(
            _reference(one, study), one.header, RefusalReason.NOT_SELECTED, f"Not an AP spine DXA: {one.reason}."
        )
        for one in study.judged
        if isinstance(one, PassedOver) and one.header is not None
    )
    return StudyResult(study.study_instance_uid, model, readings)


def headers_of(study: OpenedStudy, readings: Sequence[Reading]) -> list[Dataset]:
    """The headers of the instances that were read or refused, in the readings' order."""
    by_uid = {one.row.sop_instance_uid: one.header for one in study.judged}
    headers = (by_uid[reading.instance.sop_instance_uid] for reading in readings)
    return [header for header in headers if header is not None]


def image_of(finding: Finding, study: OpenedStudy) -> Image:
    """The image that a finding is of."""
    return next(image for image in study.images if image.instance == finding.instance)


def _readings(study: OpenedStudy, answers: Answers) -> Iterator[Reading]:
    for one in study.judged:
        match one:
            case Refused():
                yield one.refusal
            case Image():
                yield _reading(one, answers[one.row.id])
            case PassedOver():
                pass


def _reading(image: Image, answer: Answer) -> Reading:
    match answer:
        case RefusedImage():
            return refuse(image.instance, image.header, answer.reason, answer.sentence)
        case Prediction():
            return Finding(
                instance=image.instance,
                rows=image.grey.rows,
                columns=image.grey.columns,
                region=answer.region,
                probability=answer.probability,
                is_positive=answer.is_positive,
                age_is_unknown=image.age_is_unknown,
            )


def _reference(one: PassedOver, study: OpenedStudy) -> InstanceRef:
    row = one.row
    return InstanceRef(row.sop_class_uid, row.sop_instance_uid, row.series_instance_uid, study.study_instance_uid)
