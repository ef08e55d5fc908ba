"""``osteo-pacs selftest``: a phantom study goes the whole way, and each station is asked whether it was there."""

from osteo_pacs.selftest.step import Step
from osteo_pacs.selftest.way import SelfTest

__all__ = ["SelfTest", "Step"]
