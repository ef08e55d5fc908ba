"""Every kind of report that the program can write, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pydicom.dataset import Dataset

from osteo_pacs.findings import InstanceRef, RefusalReason
from osteo_pacs.report import DocumentKind, ReportDocument
from sr_gate import sources
from sr_gate.results import ILLUSTRATED, clinical, documents, explanation, finding, refusal

Documents = dict[DocumentKind, ReportDocument]
Case = Callable[[], Documents]

# Where ISO 2022 brings 8-bit code elements, dsr2html takes the text for undeclared and shows no report at all.
_NAMES = [name for name in sources.NAMES if name != "korean"]
_PREDECESSOR = "1.2.826.0.1.3680043.10.1.9"


def _positive() -> Documents:
    ds = sources.plain()
    return documents([ds], finding(ds, 0.87))


def _negative() -> Documents:
    ds = sources.plain()
    return documents([ds], finding(ds, 0.08))


def _refused() -> Documents:
    ds = sources.plain()
    return documents([ds], refusal(ds))


def _under_age() -> Documents:
    ds = sources.plain()
    return documents([ds], refusal(ds, RefusalReason.UNDER_AGE))


def _two_positive() -> Documents:
    first, second = sources.plain(), sources.second(sources.plain())
    return documents([first, second], finding(first, 0.87), finding(second, 0.61))


def _mixed() -> Documents:
    first, second = sources.plain(), sources.second(sources.plain())
    return documents([first, second], refusal(first), finding(second, 0.87))


def _two_refused() -> Documents:
    first, second = sources.plain(), sources.second(sources.plain())
    return documents([first, second], refusal(first), refusal(second, RefusalReason.NO_CONTRAST))


def _size_unknown() -> Documents:
    ds = sources.plain()
    return documents([ds], replace(refusal(ds, RefusalReason.UNREADABLE_PIXELS), rows=0, columns=0))


def _age_unknown() -> Documents:
    ds = sources.plain()
    return documents([ds], finding(ds, 0.08, age_is_unknown=True), model=clinical())


def _ge() -> Documents:
    ds = sources.ge()
    return documents([ds], finding(ds, 0.87))


def _hologic() -> Documents:
    ds = sources.hologic()
    return documents([ds], finding(ds, 0.08))


def _multi_frame() -> Documents:
    ds = sources.multi_frame()
    return documents([ds], finding(ds, 0.87))


def _with_request() -> Documents:
    ds = sources.with_request()
    return documents([ds], finding(ds, 0.87))


def _with_predecessor() -> Documents:
    ds = sources.plain()
    study = str(ds.StudyInstanceUID)
    predecessors = {
        kind: InstanceRef(kind.sop_class_uid, f"{_PREDECESSOR}.{number}.1", f"{_PREDECESSOR}.{number}", study)
        for number, kind in enumerate(DocumentKind, start=1)
    }
    return documents([ds], finding(ds, 0.87), revision=2, predecessors=predecessors)


def _with_time_zone() -> Documents:
    ds = sources.plain()
    ds.TimezoneOffsetFromUTC = "+0900"
    return documents([ds], finding(ds, 0.87))


def _undeclared_latin_1() -> Documents:
    ds = sources.with_name_bytes(b"M\xdcLLER^SPINE")
    return documents([ds], finding(ds, 0.87))


def _falsely_utf_8() -> Documents:
    ds = sources.with_name_bytes(b"M\xdcLLER^SPINE", "ISO_IR 192")
    return documents([ds], finding(ds, 0.87))


def _unknown_character_set() -> Documents:
    ds = sources.with_name_bytes("MÜLLER^SPINE".encode(), "KLINGON")
    return documents([ds], finding(ds, 0.87))


def _illustrated(probability: float, make: Callable[[], Dataset] = sources.plain) -> Case:
    def build() -> Documents:
        ds = make()
        read = finding(ds, probability, age_is_unknown=True)
        return documents([ds], read, kinds=ILLUSTRATED, explains=explanation(read))

    return build


def _illustrated_mixed() -> Documents:
    first, second = sources.plain(), sources.second(sources.plain())
    second.SeriesInstanceUID = f"{sources.SERIES}.2"
    read = finding(second, 0.87)
    return documents([first, second], refusal(first), read, kinds=ILLUSTRATED, explains=explanation(read))


def _named(name: str, *, through_json: bool = False) -> Case:
    def build() -> Documents:
        ds = sources.named(name)
        ds = sources.as_json(ds) if through_json else ds
        return documents([ds], finding(ds, 0.87))

    return build


CASES: dict[str, Case] = {
    "positive": _positive,
    "negative": _negative,
    "refused": _refused,
    "under age": _under_age,
    "two positive": _two_positive,
    "mixed": _mixed,
    "two refused": _two_refused,
    "size unknown": _size_unknown,
    "age unknown, clinical model": _age_unknown,
    "GE": _ge,
    "Hologic": _hologic,
    "multi-frame": _multi_frame,
    "with request": _with_request,
    "with predecessor": _with_predecessor,
    "with time zone": _with_time_zone,
    "Latin-1 undeclared": _undeclared_latin_1,
    "Latin-1 declared UTF-8": _falsely_utf_8,
    "character set unknown": _unknown_character_set,
    **{f"name {name}": _named(name) for name in _NAMES},
    **{f"name {name}, through JSON": _named(name, through_json=True) for name in _NAMES},
}

WITH_PICTURE: dict[str, Case] = {
    "positive with picture": _illustrated(0.87),
    "negative with picture": _illustrated(0.08, sources.ge),
    "multi-frame with picture": _illustrated(0.87, sources.multi_frame),
    "mixed with picture": _illustrated_mixed,
    "name latin_1 with picture": _illustrated(0.87, partial(sources.named, "latin_1")),
}
"""The same, for destinations that get the picture."""
