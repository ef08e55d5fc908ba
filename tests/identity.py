"""Studies whose every attribute that can hold text holds a mark of its own, and where the marks turn up again."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from itertools import count

from pydicom import DataElement, Dataset
from pydicom.datadict import DicomDictionary
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from receiving.instances import Instance, uid_value

MARK = re.compile(
    r"QZ\d{5}|2\.25\.77117\d{5}"
    r"|(?<![\w.])1[0-5]\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])(?![\w.])|101112\.77\d{4}"
)
"""A word, a UID, a date of the Middle Ages, a time of day to the microsecond."""

TEXT = frozenset({"AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT", "CS"})
GROUPS = (0x0008, 0x0010, 0x0012, 0x0018, 0x0020, 0x0028, 0x0032, 0x0038, 0x0040, 0x4008)
KEPT = frozenset("""
    SpecificCharacterSet SOPClassUID Modality PhotometricInterpretation PatientAge PatientSex ImageType
    PresentationLUTShape VOILUTFunction RescaleType PixelPresentation BurnedInAnnotation Manufacturer
    ManufacturerModelName ConversionType LossyImageCompression Laterality ViewPosition BodyPartExamined
""".split())  # fmt: skip  # noqa: SIM905 - a list of words reads best as words
"""What an image is understood by; everything else may hold anything."""
QUOTED = ("ProtocolName", "SeriesDescription", "StudyDescription")
"""What the shipped rules of selection quote: a mark is put behind its words."""

_serial = count(10_000)


def mark(vr: str) -> str:
    """A new mark that fits a value representation."""
    number = next(_serial)
    match vr:
        case "UI":
            return f"2.25.77117{number:05d}"
        case "DA" | "DT":
            day = number % (600 * 12 * 28)
            return f"{1000 + day // 336 % 600}{day // 28 % 12 + 1:02d}{day % 28 + 1:02d}"
        case "TM":
            return f"101112.77{number % 10_000:04d}"
        case "PN":
            return f"QZ{number:05d}^Anna"
        case _:
            return f"QZ{number:05d}"


def plant(ds: Dataset) -> Dataset:
    """Marks every attribute: those that are there, all of the standard's that are not, private and nested ones."""
    _mark_what_is_there(ds)
    for keyword, vr in _absent_text(ds):
        setattr(ds, keyword, mark(vr))
    for keyword in QUOTED:
        setattr(ds, keyword, f"{_words(ds, keyword)} {mark('LO')}")
    ds.OtherPatientIDsSequence = Sequence([_item("PatientID", "LO")])
    ds.RequestAttributesSequence = Sequence([_item("RequestedProcedureDescription", "LO")])
    ds.ReferencedPatientSequence = Sequence([_item("ReferencedSOPInstanceUID", "UI")])
    block = ds.private_block(0x0029, mark("LO"), create=True)
    block.add_new(0x01, "LO", mark("LO"))
    block.add_new(0x02, "PN", mark("PN"))
    block.add_new(0x03, "OB", mark("LO").encode() + b"\0")
    return ds


def instance_of(ds: Dataset) -> Instance:
    """The Data Set as a C-STORE sends it, in Implicit VR Little Endian."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    with warnings.catch_warnings():
        # An unknown character set is written as it stands.
        warnings.simplefilter("ignore")
        write_dataset(buffer, ds)
    return Instance(uid_value(str(ds.SOPClassUID)), uid_value(str(ds.SOPInstanceUID)), raw=buffer.getvalue())


def marks_in(text: str | bytes) -> set[str]:
    """The marks that a text holds."""
    return set(MARK.findall(text if isinstance(text, str) else text.decode("utf-8", errors="replace")))


def marks_of(datasets: Iterable[Dataset], *keywords: str) -> set[str]:
    """The marks that these attributes were given."""
    return {found for ds in datasets for keyword in keywords for found in marks_in(str(ds.get(keyword, "")))}


def _mark_what_is_there(ds: Dataset) -> None:
    for element in ds:
        if element.keyword in KEPT or element.keyword in QUOTED:
            continue
        if element.VR == "SQ":
            for item in element.value:
                _mark_what_is_there(item)
        elif element.VR in TEXT or element.VR in {"UI", "DA", "DT", "TM"}:
            ds[element.tag] = DataElement(element.tag, element.VR, mark(element.VR))


def _absent_text(ds: Dataset) -> Iterator[tuple[str, str]]:
    """The standard's text attributes that the Data Set lacks, by keyword and value representation."""
    for tag, (vr, _, _, is_retired, keyword) in DicomDictionary.items():
        is_wanted = vr in TEXT | {"DA", "TM"} and not is_retired and keyword not in KEPT
        if is_wanted and tag >> 16 in GROUPS and tag not in ds:
            yield keyword, vr


def _item(keyword: str, vr: str) -> Dataset:
    item = Dataset()
    setattr(item, keyword, mark(vr))
    return item


def _words(ds: Dataset, keyword: str) -> str:
    return str(ds.get(keyword) or ("AP Spine" if keyword == "StudyDescription" else ""))
