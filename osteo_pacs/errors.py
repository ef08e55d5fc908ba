"""Errors, named by what the queue should do with them.

The docstring of an error class is its message; what happened in this case is its detail, and the remedy is
what the person who reads it should do next. Neither ever holds a patient's identity.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable


class OsteoPacsError(Exception):
    """Something in osteo_pacs went wrong."""

    remedy = ""

    def __init__(self, detail: str = "", *, remedy: str = "") -> None:
        self.detail = detail
        self.remedy = remedy or type(self).remedy
        super().__init__(detail)

    @property
    def message(self) -> str:
        """The class's sentence, and what happened in this case."""
        sentence = inspect.cleandoc(type(self).__doc__ or "").splitlines()[0]
        return f"{sentence.rstrip('.')}: {self.detail}" if self.detail else sentence

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class RetryableError(OsteoPacsError):
    """This attempt failed; a later one may succeed."""


class PermanentError(OsteoPacsError):
    """This will fail again until a person changes something."""


class ConfigurationError(OsteoPacsError):
    """The configuration cannot be used.

    Attributes:
        mistakes: a line for each thing that is wrong, where they were looked for one by one.
    """

    def __init__(self, detail: str = "", *, remedy: str = "", mistakes: Iterable[str] = ()) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join([detail, *(f"  - {mistake}" for mistake in self.mistakes)]), remedy=remedy)
