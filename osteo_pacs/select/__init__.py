"""Which instances of a study are AP spine DXA, and why the others are not."""

from osteo_pacs.select.rules import Decision, decide

__all__ = ["Decision", "decide"]
