"""This installation's own listener as a destination, for what is sent to it and asked of it from this machine.

Under TLS it is met with its own certificate, which must then be bound to a calling AE title as any other.
"""

from __future__ import annotations

from osteo_pacs.config import Destination
from osteo_pacs.config.network import Listener
from osteo_pacs.errors import PermanentError
from osteo_pacs.tls.certificates import read_certificates


class NoTitleOfOurOwn(PermanentError):
    """The listener's own certificate may use no calling AE title."""


def own_listener(listener: Listener, *, connect_timeout_s: float = 10) -> Destination:
    """The listener as it is reached from here.

    Raises:
        TlsFilesUnusable: its certificate cannot be read.
    """
    names = read_certificates(listener.tls_certificate)[0].names if listener.tls_certificate else ()
    return Destination(
        name="listener",
        host=listener.local_host,
        port=listener.port,
        ae_title=listener.ae_title,
        connect_timeout_s=connect_timeout_s,
        tls_certificate=listener.tls_certificate,
        tls_key=listener.tls_key,
        tls_ca=listener.tls_ca,
        tls_server_name=next(iter(names), None),
        allow_plain=True,
    )


def own_calling_ae_title(listener: Listener, default: str) -> str:
    """How we may call ourselves there; ``default`` where every title may associate.

    Raises:
        NoTitleOfOurOwn: none is bound to the listener's certificate.
        TlsFilesUnusable: that cannot be read.
    """
    if listener.tls_certificate is None:
        return next(iter(listener.calling_ae_titles), default)
    certificate = read_certificates(listener.tls_certificate)[0]
    bound = [title for key in certificate.keys for title in listener.tls_ae_titles.get(key, ())]
    known = listener.calling_ae_titles
    for title in bound:
        if not known or title in known:
            return title
    raise NoTitleOfOurOwn(
        certificate.title,
        remedy=f'Add "{certificate.title}" = ["{default}"] to [listener] tls_ae_titles, '
        f"and {default} to calling_ae_titles where that is not empty.",
    )
