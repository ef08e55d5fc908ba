"""What a process must not load, held at run time: an import of it fails, whoever asks.

The import contracts say the same of our own code; this holds for what a dependency might import some day, too.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

LEARNING = frozenset({"torch", "monai", "openvino", "ignite"})
"""What runs the network: a process that meets peers has no use for it."""

TRAINING = frozenset({"ignite"})
"""What trains a network: MONAI loads it wherever it is installed, and reads without it in less time and memory."""

ASSOCIATIONS = frozenset({"pynetdicom"})
"""What opens associations: a process that meets foreign pixels has no use for it."""


class _Fence:
    """A finder that stands before all others and finds the forbidden packages first."""

    def __init__(self, packages: frozenset[str]) -> None:
        self._packages = packages

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for what is allowed."""
        del path, target
        package = name.partition(".")[0]
        if package in self._packages:
            raise ImportError(f"{package} is not for this process", name=name)
        return None


def forbid(packages: frozenset[str]) -> None:
    """Lets every later import of these packages fail, for the life of the process.

    Raises:
        ImportError: one of them is loaded already.
    """
    loaded = sorted(packages & sys.modules.keys())
    if loaded:
        raise ImportError(f"{loaded[0]} is not for this process, and is loaded")
    sys.meta_path.insert(0, _Fence(packages))
