from __future__ import annotations

import threading

from osteo_pacs.db.revision import DatabaseNotAtHead
from osteo_pacs.doctor.check import Examination, examine, failed, passed


def broken():
    raise ZeroDivisionError("x")


def refused():
    raise DatabaseNotAtHead("0000")


def test_a_look_that_ends_in_time_is_the_check():
    check = passed("spool", "there is room")
    assert examine(Examination("spool", lambda: check)) is check


def test_a_look_that_hangs_fails_by_its_limit():
    never = threading.Event()
    check = examine(Examination("spool", lambda: passed("spool", str(never.wait())), limit_s=0.05))
    never.set()
    assert not check.ok
    assert check.name == "spool"
    assert check.detail == "no answer within 0.05 s"
    assert check.remedy


def test_an_error_of_ours_is_told_with_its_remedy():
    check = examine(Examination("migration", refused))
    assert check == failed("migration", DatabaseNotAtHead("0000").message, "Run `osteo-pacs db upgrade`.")


def test_an_error_that_nobody_foresaw_does_not_hide_the_other_checks():
    check = examine(Examination("spool", broken))
    assert (check.ok, check.detail) == (False, "ZeroDivisionError: x")
    assert check.remedy
