"""Objects that are well formed, and whose content is bad: they are stored, and end with a reason.

They are images of a spine with one thing wrong, each a study of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from hostile.gate import Attack, Gate, status_of
from osteo_pacs.dicom.uids import derive_uid
from osteo_pacs.phantom import make_study
from receiving.instances import IMPLICIT, Instance, uid_value

COULD_NOT = "refused: The image could not be read: "
BY_ITS_LOOK = "refused: by its look"
DAMAGED = f"{COULD_NOT}the object is damaged."


Make = Callable[[str], list[Instance]]
"""The instances of a study of this name."""


@dataclass(frozen=True)
class Bad:
    """What is sent as one study, and how the study ends."""

    make: Make
    outcome: str
    syntax: str = ""


@cache
def _spine() -> Dataset:
    return make_study(23).datasets[0]


def spine(name: str, **attributes: object) -> Dataset:
    """A spine as a study of its own, with other attributes; None removes one."""
    ds = deepcopy(_spine())
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = (
        derive_uid("hostile", kind, name) for kind in ("study", "series", "instance")
    )
    for keyword, value in attributes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def sent(ds: Dataset, *replacements: tuple[bytes, bytes]) -> Instance:
    """As a C-STORE sends it, with bytes replaced that no writer would write."""
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, ds.file_meta.TransferSyntaxUID == IMPLICIT
    write_dataset(stream, ds)
    raw = stream.getvalue()
    for good, bad in replacements:
        assert raw.count(good) == 1
        assert len(good) == len(bad)
        raw = raw.replace(good, bad)
    return Instance(uid_value(ds.SOPClassUID), uid_value(ds.SOPInstanceUID), raw=raw)


def changed(*replacements: tuple[bytes, bytes], **attributes: object) -> Make:
    return lambda name: [sent(spine(name, **attributes), *replacements)]


def encoded(syntax: str, frame: Callable[[], bytes]) -> Make:
    """A picture whose one frame are these bytes."""

    def make(name: str) -> list[Instance]:
        ds = spine(name)
        ds.PixelData = encapsulate([frame()])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
        ds.file_meta.TransferSyntaxUID = syntax
        return [sent(ds)]

    return make


def rle_bomb() -> bytes:
    """Two million runs of 128 bytes: a quarter of a gigabyte."""
    return (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56) + b"\x81\x00" * 2_000_000


def jpeg_bomb() -> bytes:
    """A Baseline frame that says it is 65,500 pixels high and wide."""
    size = (65_500).to_bytes(2)
    frame = b"\xff\xc0\x00\x0b\x08" + size + size + b"\x01\x01\x11\x00"
    quantization = b"\xff\xdb\x00\x43\x00" + bytes([1]) * 64
    codes = b"\xff\xc4\x00\x14\x00\x01" + bytes(15) + b"\x00" + b"\xff\xc4\x00\x14\x10\x01" + bytes(15) + b"\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(10_000)
    return b"\xff\xd8" + quantization + frame + codes + scan + b"\xff\xd9"


def jpeg_2000_bomb() -> bytes:
    """A code stream that says it is 60,000 pixels high and wide."""
    ds = spine("inside")
    ds.compress(JPEG2000Lossless, generate_instance_uid=False)
    content = bytearray(ds.PixelData[16:])
    marker = content.index(b"\xff\x51")
    content[marker + 6 : marker + 14] = (60_000).to_bytes(4) * 2
    return bytes(content[content.index(b"\xff\x4f\xff\x51") : content.rindex(b"\xff\xd9") + 2])


def two_patients(name: str) -> list[Instance]:
    one, other = spine(name), spine(f"{name}, the other", PatientID="OTHER")
    other.StudyInstanceUID, other.SeriesInstanceUID = one.StudyInstanceUID, one.SeriesInstanceUID
    return [sent(one), sent(other)]


STORED: dict[str, Bad] = {
    "truncated pixels": Bad(
        lambda name: [sent(spine(name, PixelData=_spine().PixelData[:1000]))], DAMAGED),
    "no pixels": Bad(
        changed(PixelData=None), f"{COULD_NOT}the object has no pixel data."),
    "Rows x Columns x Frames over the cap": Bad(
        changed(Rows=20_000, Columns=20_000), f"{COULD_NOT}20000 x 20000 pixels in 1 frames are too many."),
    "two thousand million frames": Bad(
        changed(NumberOfFrames=2_000_000_000),
        f"{COULD_NOT}780 x 716 pixels in 2000000000 frames are too many."),
    "an RLE bomb": Bad(encoded(RLELossless, rle_bomb), BY_ITS_LOOK, RLELossless),
    "a JPEG bomb": Bad(encoded(JPEGBaseline8Bit, jpeg_bomb), DAMAGED, JPEGBaseline8Bit),
    "a JPEG 2000 bomb": Bad(encoded(JPEG2000Lossless, jpeg_2000_bomb), DAMAGED, JPEG2000Lossless),
    "an unknown character set": Bad(
        changed((b"ISO_IR 100", b"KLINGON 9 "), SpecificCharacterSet="ISO_IR 100"), "read"),
    "an IS that is no number": Bad(
        changed((b"987654", b"12x4;-"), InstanceNumber="987654"), "read"),
    "a DS beyond every number": Bad(
        changed((b"100001", b"1e9999"), PatientSize="100001"), "read"),
    "a window beyond every number": Bad(
        changed(WindowCenter="1e308", WindowWidth="1e308"), BY_ITS_LOOK),
    "negative frames": Bad(changed(NumberOfFrames="-5"), f"{COULD_NOT}NumberOfFrames is negative."),
    "a US of four values": Bad(changed(Columns=[12, 13, 14, 15]), f"{COULD_NOT}Columns is no number."),
    "Bits Allocated of 7": Bad(changed(BitsAllocated=7), DAMAGED),
    "values that are not numbers after scaling": Bad(
        changed(RescaleSlope="1e308", RescaleIntercept="1e308"), f"{COULD_NOT}some values are not numbers."),
    "Patient ID changes within a study": Bad(
        two_patients,
        "parked: The study's instances name different patients: 2 Patient IDs in one study. Mend the study in the "
        "PACS, and send it again under a new Study Instance UID."),
}  # fmt: skip


def send_all(gate: Gate) -> dict[str, str]:
    """Sends every study, each of which must be acknowledged; gives their Study Instance UIDs."""
    for name, bad in STORED.items():
        for instance in bad.make(name):
            assert status_of(gate, instance, syntax=bad.syntax) == "0x0000", name
    return {name: derive_uid("hostile", "study", name) for name in STORED}


def ends(name: str) -> Attack:
    """How a study ended that was sent before."""
    return lambda gate: gate.outcomes(name)
