"""``osteo-pacs status``: how the service is at this moment, told from the database and the disk alone.

A section is a file here with one function ``look``, and a line in ``round.SECTIONS``.
"""

from osteo_pacs.status.round import look_round
from osteo_pacs.status.section import Section

__all__ = ["Section", "look_round"]
