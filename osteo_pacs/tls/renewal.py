"""The listener's side of TLS, which follows its files: what was replaced counts from the next connection.

credentials = Credentials(files)
connection = credentials.wrap(connection)       # the handshake is still to come
"""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from threading import Lock

from osteo_pacs import log
from osteo_pacs.tls.contexts import TlsFilesUnusable, server_context
from osteo_pacs.tls.files import TlsFiles

Stamp = tuple[int, int, int]


class Credentials:
    """Our certificate, its key and the authorities, as they lie on the disk now.

    While the new files do not fit together, the old ones stay in use: they are replaced one after the other.

    Raises:
        TlsFilesUnusable: they cannot be used at the start.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._lock = Lock()
        self._stamps = self._look()
        self._context = server_context(files)

    def wrap(self, connection: socket.socket) -> ssl.SSLSocket:
        """The connection under TLS, before its handshake."""
        return self._current().wrap_socket(connection, server_side=True, do_handshake_on_connect=False)

    def _current(self) -> ssl.SSLContext:
        with self._lock:
            # Looked at before they are read: what changes in between is read again.
            stamps = self._look()
            if stamps != self._stamps:
                self._stamps = stamps
                self._renew()
            return self._context

    def _renew(self) -> None:
        try:
            self._context = server_context(self._files)
        except TlsFilesUnusable as error:
            log.get_logger().warning("certificate_not_renewed", error=error.message)
        else:
            log.get_logger().info("certificate_renewed")

    def _look(self) -> list[Stamp | None]:
        return [_stamp(path) for path in (self._files.certificate, self._files.key, self._files.ca)]


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
