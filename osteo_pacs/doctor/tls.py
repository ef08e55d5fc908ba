"""TLS: can our files be used, by us alone and for long enough, and do AE titles and certificates fit?"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from osteo_pacs.clock import Clock, utc_now
from osteo_pacs.config import Settings
from osteo_pacs.config.network import Listener
from osteo_pacs.doctor.check import Check, Examination, failed, passed
from osteo_pacs.tls.certificates import Certificate, read_certificates
from osteo_pacs.tls.contexts import server_context
from osteo_pacs.tls.files import TlsFiles
from osteo_pacs.tls.trial import refusal_of

RENEW_WITHIN = timedelta(days=30)
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def examinations(settings: Settings, now: Clock = utc_now) -> Iterator[Examination]:
    """The listener's files and AE titles, then each destination's files; nothing where all is plain DICOM."""
    if files := TlsFiles.of(settings.listener):
        yield from _of_files("listener", files, now)
        yield _examination("listener issuer", partial(_issuer, files))
        yield _examination("listener AE titles", partial(_titles, settings.listener))
    for destination in settings.destinations:
        if files := TlsFiles.of(destination):
            yield from _of_files(f"destination {destination.name}", files, now)


def fault_in_time(certificate: Certificate, now: datetime) -> str:
    """What is wrong with when it is valid, in words; empty where it will be for long enough."""
    if now < certificate.starts_at:
        return f"is not valid before {certificate.starts_at:%Y-%m-%d}"
    if now >= certificate.expires_at:
        return f"expired on {certificate.expires_at:%Y-%m-%d}"
    if certificate.expires_at - now < RENEW_WITHIN:
        return f"expires on {certificate.expires_at:%Y-%m-%d}, in {(certificate.expires_at - now).days} days"
    return ""


def _of_files(owner: str, files: TlsFiles, now: Clock) -> Iterator[Examination]:
    yield _examination(f"{owner} key", partial(_key, files))
    yield _examination(f"{owner} certificate", partial(_valid, files.certificate, now, "Have it renewed"))
    yield _examination(f"{owner} authorities", partial(_valid, files.ca, now, "Ask for the new one"))


def _examination(name: str, look: Callable[[str], Check]) -> Examination:
    return Examination(name, partial(look, name))


def _key(files: TlsFiles, name: str) -> Check:
    server_context(files)
    if others := files.key.stat().st_mode & OTHERS:
        detail = f"{files.key} is open to other users ({others:03o})"
        return failed(name, detail, f"Whoever reads it can pass for us: run `chmod 600 {files.key}`.")
    return passed(name, f"{files.key} is that of {files.certificate}, and its owner's alone")


def _valid(path: Path, now: Clock, remedy: str, name: str) -> Check:
    certificates = read_certificates(path)
    for certificate in certificates:
        if fault := fault_in_time(certificate, now()):
            remedy = f"{remedy}, and replace {path}; the service takes the new file up by itself."
            return failed(name, f"{certificate.title} in {path} {fault}", remedy)
    first = min(certificates, key=lambda certificate: certificate.expires_at)
    names = ", ".join(certificate.title for certificate in certificates)
    return passed(name, f"{path} holds {names}; valid until {first.expires_at:%Y-%m-%d}")


def _issuer(files: TlsFiles, name: str) -> Check:
    if refusal := refusal_of(files):
        remedy = (
            f"Append the certificates of its issuers to {files.certificate}, and add their root to {files.ca}."
        )
        return failed(name, f"a peer that trusts {files.ca} would refuse us: {refusal}", remedy)
    return passed(name, f"a peer that trusts {files.ca} accepts {files.certificate}")


def _titles(listener: Listener, name: str) -> Check:
    bound = {title for titles in listener.tls_ae_titles.values() for title in titles}
    known = set(listener.calling_ae_titles) or bound
    faults = [
        *(f"{title} is bound to a certificate, but not in calling_ae_titles" for title in sorted(bound - known)),
        *(f"{title} is in calling_ae_titles, but bound to no certificate" for title in sorted(known - bound)),
    ]
    if faults:
        remedy = (
            "These are rejected: name them in both [listener] calling_ae_titles and tls_ae_titles, or in none."
        )
        return failed(name, "; ".join(faults), remedy)
    return passed(name, f"{', '.join(sorted(bound))}: each is bound to a certificate")
