"""Importing the bundle's ``scripts`` from the bytes that its manifest vouches for, never from the disk.

A byte-code cache beside a script, or a script that the manifest does not name, can so never run.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType

from osteo_pacs.sealed import Sealed

PACKAGE = "scripts"


@contextmanager
def bundle_scripts(sealed: Sealed) -> Iterator[None]:
    """Within it ``scripts`` is this bundle's package; afterwards the name is free for another bundle's."""
    finder = _SealedFinder(sealed)
    others = _take_out_modules()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _take_out_modules()
        sys.modules.update(others)


def _take_out_modules() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]
    return {name: sys.modules.pop(name) for name in names}


class _SealedFinder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads modules in a sealed folder."""

    def __init__(self, sealed: Sealed) -> None:
        self._sealed = sealed

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The bundle's modules, and no other."""
        if fullname != PACKAGE and not fullname.startswith(f"{PACKAGE}."):
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=self._path(fullname))

    def is_package(self, fullname: str) -> bool:
        """True for the package itself."""
        return fullname == PACKAGE

    def get_source(self, fullname: str) -> str:
        """The source, from the sealed bytes."""
        return self._sealed.read(self._path(fullname)).decode()

    def get_code(self, fullname: str) -> CodeType | None:
        """Compiled anew from the sealed source."""
        return self.source_to_code(self.get_source(fullname), f"{self._sealed.folder}/{self._path(fullname)}")

    def _path(self, fullname: str) -> str:
        path = fullname.replace(".", "/")
        return f"{path}/__init__.py" if self.is_package(fullname) else f"{path}.py"
