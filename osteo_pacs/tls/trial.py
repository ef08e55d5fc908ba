"""A handshake in memory: what a peer would say of our certificate."""

from __future__ import annotations

import ssl

from osteo_pacs.tls.contexts import client_context, server_context
from osteo_pacs.tls.files import TlsFiles
from osteo_pacs.tls.words import describe_loss

ROUND_TRIPS = 4


def refusal_of(files: TlsFiles) -> str:
    """Why a requestor that trusts our authorities would refuse our certificate; empty where it would not.

    Raises:
        TlsFilesUnusable: there is no certificate to show.
    """
    acceptor, requestor = server_context(files), client_context(files)
    acceptor.verify_mode = ssl.CERT_NONE
    requestor.check_hostname = False
    to_acceptor, to_requestor = ssl.MemoryBIO(), ssl.MemoryBIO()
    # The requestor first: what it refuses is told by its own error.
    sides = (
        requestor.wrap_bio(to_requestor, to_acceptor),
        acceptor.wrap_bio(to_acceptor, to_requestor, server_side=True),
    )
    for side in sides * ROUND_TRIPS:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLError as error:
            return describe_loss(error)
    return ""
