"""What the program's exit status says."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """Exit statuses; ``sentence`` is their entry in the reference."""

    OK = 0, "The command did what it says."
    FAILED = 1, "A check failed, or a part of the work could not be done."
    USAGE = 2, "The command line is wrong; nothing was done."
    CONFIGURATION = 3, "The configuration cannot be used; nothing was done."
    DATABASE = 4, "The database does not answer, or is not at the version that this program needs."
    NOT_FOUND = 5, "There is no such study, job, destination, data set or file."
    INTERRUPTED = 130, "The command was interrupted from the keyboard."

    sentence: str

    def __new__(cls, status: int, sentence: str) -> Self:
        """Keeps the sentence beside the number."""
        code = int.__new__(cls, status)
        code._value_ = status
        code.sentence = sentence
        return code
