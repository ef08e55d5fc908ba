"""The network: do the destinations answer, does the listener?"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial

from pydicom.uid import UID

from osteo_pacs.config import Destination, Settings
from osteo_pacs.deliver.echo import EchoAnswered, EchoFailed, echo
from osteo_pacs.dicom.sop_classes import (
    BASIC_TEXT_SR,
    COMPREHENSIVE_3D_SR,
    COMPREHENSIVE_SR,
    ENHANCED_SR,
    SECONDARY_CAPTURE,
)
from osteo_pacs.doctor.check import Check, Examination, failed, passed

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
            remedy = f"Is it running, are host, port and ae_title right, and does it know us as {ours}?"
            happened, advice = _told_apart(reason)
            return failed(name, f"{where}: {happened}", advice or remedy)
        case EchoAnswered(seconds, taken):
            lacking = _lacking(destination, taken)
            answers = f"{where} answers C-ECHO in {1000 * seconds:.0f} ms"
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
    ours = next(iter(listener.calling_ae_titles), listener.ae_title)
    myself = Destination(
        name="listener",
        host=listener.local_host,
        port=listener.port,
        ae_title=listener.ae_title,
        connect_timeout_s=LISTENER_TIMEOUT_S,
    )
    match echo(myself, calling_ae_title=ours):
        case EchoFailed(reason):
            remedy = "Its log says why. Another program on this port? Name another [listener] port."
            return failed("listener", f"{where}: {reason}", remedy)
        case EchoAnswered(seconds):
            return passed("listener", f"{where} answers C-ECHO in {1000 * seconds:.0f} ms")


def _something_listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), LISTENER_TIMEOUT_S).close()
    except ConnectionRefusedError:
        return False
    return True
