"""The network: do the destinations answer, does the listener?"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial

from pydicom.uid import UID

from osteo_pacs.clock import utc_now
from osteo_pacs.config import Destination, Settings
from osteo_pacs.deliver.echo import EchoAnswered, EchoFailed, echo
from osteo_pacs.deliver.ourselves import NoTitleOfOurOwn, own_calling_ae_title, own_listener
from osteo_pacs.deliver.wire import Encryption
from osteo_pacs.dicom.sop_classes import (
    BASIC_TEXT_SR,
    COMPREHENSIVE_3D_SR,
    COMPREHENSIVE_SR,
    ENHANCED_SR,
    SECONDARY_CAPTURE,
)
from osteo_pacs.doctor.check import Check, Examination, failed, passed
from osteo_pacs.doctor.tls import fault_in_time

LISTENER_TIMEOUT_S = 5.0
SLACK_S = 2.0
WANTED = {
    "auto": (COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR),
    "88.34": (COMPREHENSIVE_3D_SR,),
    "88.33": (COMPREHENSIVE_SR,),
    "88.22": (ENHANCED_SR,),
}
"""SOP Classes by sr_sop_class, of which the destination must take one."""


def examinations(settings: Settings) -> Iterator[Examination]:
    """The listener, then each destination; a silent destination costs its own timeout."""
    yield Examination("listener", lambda: _listener(settings), limit_s=2 * LISTENER_TIMEOUT_S + SLACK_S)
    ours = settings.listener.ae_title
    for destination in settings.destinations:
        yield Examination(
            f"destination {destination.name}",
            partial(_destination, destination, ours),
            limit_s=destination.connect_timeout_s + SLACK_S,
        )


def _destination(destination: Destination, our_ae_title: str) -> Check:
    name = f"destination {destination.name}"
    where = f"{destination.ae_title} at {destination.host}:{destination.port}"
    match echo(destination, calling_ae_title=our_ae_title):
        case EchoFailed(reason):
            ours = destination.calling_ae_title or our_ae_title
            spoken = "TLS" if destination.tls_certificate else "plain DICOM"
            remedy = (
                f"Is it running, are host, port and ae_title right, does it know us as {ours}, "
                f"and does it speak {spoken}?"
            )
            happened, advice = _told_apart(reason)
            return failed(name, f"{where}: {happened}", advice or remedy)
        case EchoAnswered(seconds, taken, encryption):
            lacking = _lacking(destination, taken)
            answers = f"{where} answers C-ECHO in {1000 * seconds:.0f} ms{_told(encryption)}"
            if encryption and (fault := fault_in_time(encryption.certificate, utc_now())):
                return failed(name, f"{answers}, which {fault}", "Have it renewed at the PACS.")
            if lacking:
                names = " and ".join(UID(uid).name for uid in lacking)
                return failed(
                    name, f"{answers}, but takes no {names}", "Enable it there, or change what it is sent."
                )
            return passed(name, answers)


def _told_apart(reason: str) -> tuple[str, str]:
    """What happened, and as a sentence what the reason itself says to do about it."""
    happened, _, advice = reason.partition("; ")
    return happened, f"{advice[:1].upper()}{advice[1:]}{'' if advice.endswith(('?', '.')) or not advice else '.'}"


def _told(encryption: Encryption | None) -> str:
    if encryption is None:
        return ""
    title, expires_at = encryption.certificate.title, encryption.certificate.expires_at
    return f" over {encryption.version}; its certificate is {title}, until {expires_at:%Y-%m-%d}"


def _lacking(destination: Destination, taken: tuple[str, ...]) -> list[str]:
    wanted = WANTED[destination.sr_sop_class]
    lacking: list[str] = [] if set(wanted) & set(taken) else [wanted[-1]]
    if destination.text_twin and BASIC_TEXT_SR not in taken:
        lacking.append(BASIC_TEXT_SR)
    if destination.picture and SECONDARY_CAPTURE not in taken:
        lacking.append(SECONDARY_CAPTURE)
    return lacking


def _listener(settings: Settings) -> Check:
    listener = settings.listener
    where = f"{listener.ae_title} at {listener.local_host}:{listener.port}"
    if not _something_listens(listener.local_host, listener.port):
        return passed("listener", f"{where} is not running; `osteo-pacs serve` starts it")
    if not listener.takes_this_machine:
        return passed("listener", f"{where} is running; this machine is not in its addresses, so it is not asked")
    try:
        ours = own_calling_ae_title(listener, listener.ae_title)
    except NoTitleOfOurOwn:
        return passed("listener", f"{where} is running; its own certificate has no AE title, so it is not asked")
    match echo(own_listener(listener, connect_timeout_s=LISTENER_TIMEOUT_S), calling_ae_title=ours):
        case EchoFailed(reason):
            remedy = "Its log says why. Another program on this port? Name another [listener] port."
            return failed("listener", f"{where}: {reason}", remedy)
        case EchoAnswered(seconds, _, encryption):
            return passed("listener", f"{where} answers C-ECHO in {1000 * seconds:.0f} ms{_told(encryption)}")


def _something_listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), LISTENER_TIMEOUT_S).close()
    except ConnectionRefusedError:
        return False
    return True
