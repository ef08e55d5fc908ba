"""``osteo-pacs doctor``: everything the service leans on, looked at one by one, each with its remedy."""

from osteo_pacs.doctor.check import Check
from osteo_pacs.doctor.round import make_round

__all__ = ["Check", "make_round"]
