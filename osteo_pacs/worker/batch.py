"""A batch of claimed studies from claim to outcome: open each, predict all together, write each report.

What goes wrong with one study is that study's outcome and nobody else's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from osteo_pacs import log
from osteo_pacs.clock import Clock
from osteo_pacs.config import Destination
from osteo_pacs.db import instances, reports
from osteo_pacs.db.reports import LatestReport
from osteo_pacs.db.session import Database
from osteo_pacs.findings import InstanceRef, StudyResult
from osteo_pacs.infer.explain import Explainer
from osteo_pacs.infer.predict import DevicePoisoned, Model
from osteo_pacs.jobs.queue import Claim
from osteo_pacs.report import DocumentKind, Explanation, ReportDocument, build_documents
from osteo_pacs.worker.destinations import KEPT_KINDS, orders_for, wants_picture
from osteo_pacs.worker.outcome import Failed, NothingToReport, Outcome, Reported, failure
from osteo_pacs.worker.result import Answers, headers_of, image_of, refused_as_a_whole, study_result
from osteo_pacs.worker.study import Image, OpenedStudy, StudyOpener
from osteo_pacs.worker.watchdog import ended_after

T = TypeVar("T")

READ_BEFORE = "these instances were read before by this model version"
NO_SPINE = "no instance is an AP spine image"


@dataclass(frozen=True, slots=True)
class Opened:
    """A claimed study, ready for the model.

    ``latest`` is the report that a new one supersedes; ``is_known``: this model version has read these images.
    """

    study: OpenedStudy
    latest: LatestReport | None
    is_known: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """A claim, what was found in its study, and how the attempt ended."""

    claim: Claim
    opened: Opened | None
    outcome: Outcome
    predict_s: float = 0.0
    report_s: float = 0.0


class BatchReader:
    """Reads studies with one model version for one installation; without an ``explainer`` it draws no pictures."""

    def __init__(
        self,
        *,
        database: Database,
        opener: StudyOpener,
        model: Model,
        explainer: Explainer | None,
        model_version_id: int,
        destinations: Sequence[Destination],
        station_name: str,
        prediction_timeout_s: float,
        clock: Clock,
    ) -> None:
        self._database = database
        self._opener = opener
        self._model = model
        self._explainer = explainer
        self._model_version_id = model_version_id
        self._destinations = destinations
        self._station_name = station_name
        self._prediction_timeout_s = prediction_timeout_s
        self._clock = clock
        self.is_device_poisoned = False

    def read(self, claims: Sequence[Claim]) -> list[Attempt]:
        """One attempt for each claim, in their order."""
        opened = {claim.job_id: _guarded(partial(self._open, claim)) for claim in claims}
        ready = [one for one in opened.values() if isinstance(one, Opened) and not one.is_known]
        began_s = time.perf_counter()
        answers = _guarded(lambda: self._predict([image for one in ready for image in one.study.images]))
        predict_s = time.perf_counter() - began_s
        return [self._conclude(claim, opened[claim.job_id], answers, predict_s) for claim in claims]

    def _open(self, claim: Claim) -> Opened:
        began_s = time.perf_counter()
        with self._database.read() as session:
            of_claim = instances.study_of(session, claim.study_id)
            rows = instances.instances_of(session, claim.study_id)
        study = self._opener.open(of_claim.study_instance_uid, rows, repetition=of_claim.repetition)
        with self._database.read() as session:
            latest = reports.latest_report(session, claim.study_id)
            is_known = reports.report_exists(session, claim.study_id, study.input_digest, self._model_version_id)
        return Opened(study, latest, is_known, time.perf_counter() - began_s)

    def _predict(self, images: Sequence[Image]) -> Answers:
        try:
            with ended_after(self._prediction_timeout_s):
                answers = self._model.predict([image.grey for image in images]) if images else []
        except DevicePoisoned:
            self.is_device_poisoned = True
            raise
        return {image.row.id: answer for image, answer in zip(images, answers, strict=True)}

    def _conclude(
        self, claim: Claim, opened: Opened | Failed, answers: Answers | Failed, predict_s: float
    ) -> Attempt:
        if isinstance(opened, Failed):
            return Attempt(claim, None, opened)
        if opened.is_known:
            return Attempt(claim, opened, NothingToReport(READ_BEFORE))
        if isinstance(answers, Failed):
            return Attempt(claim, opened, answers, predict_s)
        began_s = time.perf_counter()
        outcome = _guarded(lambda: self._report(opened, answers))
        return Attempt(claim, opened, outcome, predict_s, time.perf_counter() - began_s)

    def _report(self, opened: Opened, answers: Answers) -> Reported | NothingToReport:
        result = study_result(opened.study, answers, self._model.version)
        if not result.readings:
            result = refused_as_a_whole(opened.study, self._model.version)
            if not result.readings or not orders_for(result, self._destinations):
                return NothingToReport(NO_SPINE)
        try:
            return self._reported(opened, result, self._explanation(opened, result))
        except Exception as error:  # noqa: BLE001 - a missing picture must not cost the radiologist the report
            log.get_logger().warning("picture_failed", exc_info=error)
            return self._reported(opened, result, None)

    def _explanation(self, opened: Opened, result: StudyResult) -> Explanation | None:
        """What the picture is to show; None where no destination gets one."""
        leading = result.leading
        if self._explainer is None or leading is None or not wants_picture(result, self._destinations):
            return None
        image = image_of(leading, opened.study).grey
        try:
            with ended_after(self._prediction_timeout_s):
                [found] = self._explainer.explain([image], [leading.is_positive])
        except DevicePoisoned:
            self.is_device_poisoned = True
            raise
        return Explanation(leading, image, found)

    def _reported(self, opened: Opened, result: StudyResult, explanation: Explanation | None) -> Reported:
        orders = orders_for(result, self._destinations, has_picture=explanation is not None)
        kinds = frozenset().union(*(order.kinds for order in orders)) or KEPT_KINDS
        latest = opened.latest
        documents = self._documents(opened, result, kinds, explanation)
        return Reported(result, documents, orders, latest.report_id if latest else None)

    def _documents(
        self,
        opened: Opened,
        result: StudyResult,
        kinds: frozenset[DocumentKind],
        explanation: Explanation | None,
    ) -> tuple[ReportDocument, ...]:
        return build_documents(
            result,
            headers_of(opened.study, result.readings),
            kinds=kinds,
            revision=opened.latest.revision + 1 if opened.latest else 1,
            input_digest=opened.study.input_digest,
            predecessors=_predecessors(opened),
            station_name=self._station_name,
            # The report tells the time of day that the reader lives in.
            now=self._clock().astimezone(),
            explanation=explanation,
        )


def _predecessors(opened: Opened) -> Mapping[DocumentKind, InstanceRef]:
    uid = opened.study.study_instance_uid
    documents = opened.latest.documents if opened.latest else ()
    return {
        DocumentKind(one.kind): InstanceRef(one.sop_class_uid, one.sop_instance_uid, one.series_instance_uid, uid)
        for one in documents
    }


def _guarded(step: Callable[[], T]) -> T | Failed:
    try:
        return step()
    except Exception as error:  # noqa: BLE001 - one study must not end the loop for the others
        return failure(error)
