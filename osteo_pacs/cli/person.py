"""Who types a command, for the audit trail."""

from __future__ import annotations

import os
import pwd
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osteo_pacs.audit.record import Participant


def who_types() -> Participant:
    """The user whom the operating system knows, as ``name@host`` (PS3.15 A.5.2.1); behind sudo, who called it too.

    Nobody logs in to this program: there is no other user than the operating system's.
    """
    from osteo_pacs.audit.record import Participant, printable

    host = socket.gethostname()
    return Participant(f"{_login_name()}@{host}", name=printable(os.environ.get("SUDO_USER", "")), address=host)


def _login_name() -> str:
    # LOGNAME and USER say what the user likes.
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
