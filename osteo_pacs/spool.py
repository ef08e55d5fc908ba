"""The received instances as Part 10 files (PS3.10 section 7), and nothing that a peer chose in their names.

    file = spool.create(meta, now)          # under its final name, which no row knows yet
    file.write(fragment)                    # the Data Set's bytes as they come
    file.sync()                             # on the disk and found there, or SpoolFull and the file is gone
    ...                                     # the database commits the row that names file.path

A crash before the commit leaves a file without a row, which ``clear_orphans`` sets aside; so does a database that
is older than the spool, and then such files are all that is left of what was acknowledged. What a crash leaves of
files that retention has given up is removed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from osteo_pacs.dicom.file_meta import FileMeta
from osteo_pacs.durable import sync
from osteo_pacs.errors import ConfigurationError, RetryableError

_INSTANCES = "instances"
QUARANTINE = "quarantine"
_SUFFIX = ".dcm"
_CHUNK = 500


class SpoolFull(RetryableError):
    """The spool cannot keep an instance."""

    remedy = "Look at the disk under [spool] directory; `osteo-pacs doctor` names the free space."


class SpoolUnusable(ConfigurationError):
    """The spool's folder cannot be made or written."""

    remedy = "Give it to the user that runs osteo-pacs, or name another [spool] directory."


class Cleared(NamedTuple):
    """How many files were removed, and how many were set aside."""

    removed: int
    aside: int


class Spool:
    """The folder of the instances, shared by every process of an installation.

    Files are 0600 and folders 0700. Paths are relative to ``directory``.

    Raises:
        SpoolUnusable: the folder is not there and cannot be made.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._durable: set[str] = set()
        try:
            for folder in (".", _INSTANCES, QUARANTINE):
                self._make_folder(folder)
        except OSError as error:
            raise SpoolUnusable(f"{directory}: {error.strerror or type(error).__name__}.") from error

    def require_writable(self) -> None:
        """Refuses a folder that takes no instance from this user.

        Raises:
            SpoolUnusable: it does not.
        """
        for folder in (self.directory, self.path_of(_INSTANCES), self.path_of(QUARANTINE)):
            if not os.access(folder, os.W_OK | os.X_OK):
                raise SpoolUnusable(f"{folder} may not be written by this user.")

    def create(self, meta: FileMeta, now: datetime) -> SpoolFile:
        """A new file with its File Meta Information.

        Raises:
            SpoolFull: the disk does not take it.
        """
        folder = f"{_INSTANCES}/{now:%Y%m%d}"
        # The time first: an index over names in their order grows at its end alone.
        path = f"{folder}/{now:%H%M%S%f}-{_mark(meta.sop_instance_uid)}-{secrets.token_hex(8)}{_SUFFIX}"
        try:
            self._make_folder(folder)
            return SpoolFile(f"{self.directory}/{path}", path, meta.encode())
        except OSError as error:
            raise _spool_full(error) from error

    def path_of(self, path: str) -> Path:
        """Where a file of the spool lies."""
        return self.directory / path

    def open(self, path: str) -> BinaryIO:
        """A file of the spool for reading."""
        return self.path_of(path).open("rb")

    def free_bytes(self) -> int:
        """Free space for an unprivileged process."""
        disk = os.statvfs(self.directory)
        return disk.f_bavail * disk.f_frsize

    def remove(self, path: str) -> None:
        """Removes a file; one that is gone is fine."""
        self.path_of(path).unlink(missing_ok=True)

    def keep_one(self, path: str, resent: str) -> None:
        """Of two files with the same Data Set the first stays, or the second takes its place where it was lost.

        Raises:
            SpoolFull: the disk does not take it.
        """
        if self.path_of(path).exists():
            self.remove(resent)
            return
        try:
            self.path_of(path).parent.mkdir(mode=0o700, exist_ok=True)
            self.path_of(resent).rename(self.path_of(path))
            sync(self.path_of(path).parent)
        except OSError as error:
            raise _spool_full(error) from error

    def quarantine(self, path: str) -> str:
        """Sets a file aside that may not take its place among the instances, and returns its new path."""
        aside = f"{QUARANTINE}/{Path(path).name}"
        self.path_of(path).rename(self.path_of(aside))
        return aside

    def quarantined(self, *, before: datetime) -> dict[str, int]:
        """The files in quarantine that were last written ``before``, with their sizes in bytes."""
        sizes = {}
        for entry in sorted(os.scandir(self.directory / QUARANTINE), key=lambda entry: entry.name):
            # Another process may have removed it meanwhile.
            with suppress(FileNotFoundError):
                facts = entry.stat()
                if facts.st_mtime < before.timestamp():
                    sizes[f"{QUARANTINE}/{entry.name}"] = facts.st_size
        return sizes

    def quarantined_of(self, sop_instance_uids: Iterable[str]) -> list[str]:
        """The files in quarantine that came under one of these UIDs."""
        marks = {_mark(uid) for uid in sop_instance_uids}
        names = sorted(entry.name for entry in os.scandir(self.directory / QUARANTINE))
        return [f"{QUARANTINE}/{name}" for name in names if marks.intersection(name.split("-"))]

    def clear_orphans(self, known: Callable[[list[str]], Mapping[str, bool]], *, before: datetime) -> Cleared:
        """Clears away what has no place among the instances and was last written ``before``.

        A file that no row names is set aside in quarantine, one that retention has given up is removed. Newer
        files may belong to an instance that another listener is receiving.

        Args:
            known: says which of some paths have a row, and of these whether the file should still be there.
            before: a moment long enough ago.
        """
        removed = aside = 0
        for folder in sorted((self.directory / _INSTANCES).iterdir()):
            paths = [f"{_INSTANCES}/{folder.name}/{entry.name}" for entry in os.scandir(folder)]
            for chunk in (paths[i : i + _CHUNK] for i in range(0, len(paths), _CHUNK)):
                rows = known(chunk)
                old = [path for path in sorted(chunk) if not rows.get(path) and self._is_older(path, before)]
                removed += sum(self._is_gone(path, self.remove) for path in old if path in rows)
                aside += sum(self._is_gone(path, self.quarantine) for path in old if path not in rows)
        return Cleared(removed, aside)

    def _make_folder(self, name: str) -> None:
        if name in self._durable:
            return
        folder = self.directory / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Another process may have made it a moment ago, and its name may not be on the disk yet.
        sync(folder.parent)
        self._durable.add(name)

    def _is_older(self, path: str, before: datetime) -> bool:
        try:
            return self.path_of(path).stat().st_mtime < before.timestamp()
        except FileNotFoundError:
            return False

    @staticmethod
    def _is_gone(path: str, clear: Callable[[str], object]) -> bool:
        """Whether it was this process that cleared the file away, and not another one meanwhile."""
        try:
            clear(path)
        except FileNotFoundError:
            return False
        return True


class SpoolFile:
    """An instance on its way into the spool.

    Attributes:
        path: relative to the spool's folder.
        size_bytes: of the Data Set so far.
        header_bytes: where the Data Set begins in the file.
    """

    def __init__(self, location: str, path: str, header: bytes) -> None:
        self.path = path
        self.size_bytes = 0
        self.header_bytes = len(header)
        self._location = location
        self._digest = hashlib.sha256()
        self._descriptor = os.open(location, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _write_all(self._descriptor, memoryview(header))
        except OSError:
            self.discard()
            raise

    @property
    def sha256(self) -> str:
        """Of the Data Set's bytes, hexadecimal."""
        return self._digest.hexdigest()

    def fileno(self) -> int:
        """The open descriptor."""
        return self._descriptor

    def write(self, fragment: memoryview) -> None:
        """Appends bytes of the Data Set.

        Raises:
            SpoolFull: the disk does not take them; the file is gone.
        """
        self._digest.update(fragment)
        self.size_bytes += len(fragment)
        try:
            _write_all(self._descriptor, fragment)
        except OSError as error:
            self.discard()
            raise _spool_full(error) from error

    def sync(self) -> None:
        """Brings the file and its name onto the disk and closes it.

        Raises:
            SpoolFull: the disk does not take it; the file is gone.
        """
        try:
            os.fsync(self._descriptor)
            sync(self._location.rpartition("/")[0])
        except OSError as error:
            # The kernel may have dropped the pages that failed: a second fsync would lie.
            self.discard()
            raise _spool_full(error) from error
        self.close()

    def close(self) -> None:
        """Closes the file; a second time does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def discard(self) -> None:
        """Closes and removes the file."""
        with suppress(OSError):
            self.close()
        with suppress(OSError):
            Path(self._location).unlink(missing_ok=True)


def _mark(sop_instance_uid: str) -> str:
    """What names an instance in the name of its file."""
    return hashlib.sha256(sop_instance_uid.encode()).hexdigest()[:16]


def _write_all(descriptor: int, view: memoryview) -> None:
    while view:
        view = view[os.write(descriptor, view) :]


def _spool_full(error: OSError) -> SpoolFull:
    return SpoolFull(error.strerror or type(error).__name__)
