"""The documents of readers and scanners that came: read in the bounded process, interpreted, kept as labels."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from osteo_pacs.audit.events import study_labelled
from osteo_pacs.clock import Clock
from osteo_pacs.config.labels import Labels
from osteo_pacs.db import audit, feedback, labels
from osteo_pacs.db.feedback import WaitingDocument
from osteo_pacs.db.session import Database, Session
from osteo_pacs.db.studies import study_uid
from osteo_pacs.decode import Decoder, Undecodable
from osteo_pacs.errors import RetryableError
from osteo_pacs.labels.document import ReceivedDocument
from osteo_pacs.labels.effective import Says
from osteo_pacs.labels.interpretation import Nothing, Said, interpret, named_uids
from osteo_pacs.log import get_logger
from osteo_pacs.spool import Spool

AT_ONCE = 20
OUR_FAULT = "it could not be interpreted by a fault of ours; the log tells more"


class DocumentReader:
    """Interprets what waits, for one installation."""

    def __init__(
        self,
        *,
        database: Database,
        spool: Spool,
        rules: Labels,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._spool = spool
        self._rules = rules
        self._clock = clock
        self._monotonic = monotonic
        self._next_look_s = monotonic()

    def read_due(self, decoder: Decoder) -> bool:
        """Interprets some of what waits, read by ``decoder``, if it is time to look; whether there was anything.

        Raises:
            DatabaseUnavailable, DecoderUnavailable: the next look does it.
        """
        if self._monotonic() < self._next_look_s:
            return False
        with self._database.read() as session:
            waiting = feedback.waiting_documents(session, AT_ONCE)
        for document in waiting:
            self._read_guarded(document, decoder)
        if len(waiting) < AT_ONCE:
            self._next_look_s = self._monotonic() + self._rules.every_s
        return bool(waiting)

    def _read_guarded(self, waiting: WaitingDocument, decoder: Decoder) -> None:
        try:
            self._read(waiting, decoder)
        except RetryableError:
            raise
        except Exception as error:  # noqa: BLE001 - one document must not end the worker, again at every start
            get_logger().error("document_failed", instance_id=waiting.instance_id, exc_info=error)
            with self._database.write() as session:
                feedback.settle(session, waiting.instance_id, "unreadable", OUR_FAULT, self._clock())

    def _read(self, waiting: WaitingDocument, decoder: Decoder) -> None:
        document = None if waiting.is_removed else decoder.document(self._spool.path_of(waiting.path))
        with self._database.write() as session:
            found = self._interpret(session, waiting, document)
            state, reason = _state_of(found, document), _reason_of(found)
            now = self._clock()
            if not feedback.settle(session, waiting.instance_id, state, reason, now):
                return
            for said in () if isinstance(found, Nothing) else found:
                self._keep(session, waiting, said, now)
        facts = {"instance_id": waiting.instance_id, "study_id": waiting.study_id}
        get_logger().info("document_interpreted", outcome=state, reason=reason, **facts)

    def _interpret(
        self, session: Session, waiting: WaitingDocument, document: ReceivedDocument | Undecodable | None
    ) -> tuple[Said, ...] | Nothing:
        if document is None:
            return Nothing("its file was removed before it was read")
        if isinstance(document, Undecodable):
            return Nothing(f"it cannot be read: {document.detail}")
        known = feedback.known_about(session, waiting, named_uids(document))
        return interpret(document, known, self._rules.t_scores, cut_off=self._rules.t_score_cut_off)

    def _keep(self, session: Session, waiting: WaitingDocument, said: Said, now: datetime) -> None:
        written_at = said.written_at or waiting.received_at
        new = labels.NewLabel(
            study_id=said.study_id,
            is_positive=said.says.is_positive,
            source=said.source,
            # A clock that is ahead must not outrank every later reader.
            labelled_at=min(written_at, now),
            author=said.author,
            facts=_facts(waiting, said),
        )
        if labels.add_label(session, new, now) is not None:
            told = f"label {said.says} from {said.source}"
            audit.append(session, study_labelled(told, study_uid(session, said.study_id), now, role="worker"))


def _state_of(found: tuple[Said, ...] | Nothing, document: object) -> str:
    if isinstance(document, Undecodable):
        return "unreadable"
    if isinstance(found, Nothing):
        return "nothing"
    return "rejection" if found[0].says is Says.EXCLUDE else "label"


def _reason_of(found: tuple[Said, ...] | Nothing) -> str:
    if isinstance(found, Nothing):
        return found.reason
    return f"{found[0].says} from {found[0].source}"


def _facts(waiting: WaitingDocument, said: Said) -> dict[str, object]:
    known = {"sop_instance_uid": waiting.sop_instance_uid, labels.T_SCORE: said.t_score, "agrees": said.agrees}
    return {key: value for key, value in known.items() if value is not None}
