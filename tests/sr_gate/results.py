"""Results of studies, and the documents that say them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from pydicom.dataset import Dataset

from osteo_pacs.dicom import codes
from osteo_pacs.findings import (
    Finding,
    InstanceRef,
    ModelVersion,
    Reading,
    Refusal,
    RefusalReason,
    Region,
    StudyResult,
)
from osteo_pacs.images import GreyImage, HeatMap
from osteo_pacs.report import DocumentKind, Explanation, ReportDocument, build_documents

NOW = datetime(2026, 11, 23, 3, 40, 50, tzinfo=UTC)
INPUT_DIGEST = "ab" * 32
SR = DocumentKind.COMPREHENSIVE_3D_SR
PLAIN = tuple(kind for kind in DocumentKind if not kind.needs_picture)
"""What is built where no destination wants a picture."""
ILLUSTRATED = tuple(kind for kind in DocumentKind if kind.needs_picture or kind.is_text)
"""What is built where every destination wants one."""

MODEL = ModelVersion(
    name="osteo_pacs spine DXA classifier",
    manufacturer="osteo_pacs project",
    version="1.0.0",
    weights_sha256="9f2c" * 16,
    device_uid="2.25.302931245677451230011223344556677889900",
    threshold=0.42,
    calibration="temperature scaling, T = 1.37",
    positive_class=codes.OSTEOPOROSIS,
    label_definition="Osteoporosis of the simulated patient, L1-L4.",
    limitations=("Trained on simulated images only.",),
)


def instance(ds: Dataset) -> InstanceRef:
    """How a report refers to the image of this header."""
    return InstanceRef(
        str(ds.SOPClassUID), str(ds.SOPInstanceUID), str(ds.SeriesInstanceUID), str(ds.StudyInstanceUID)
    )


def finding(ds: Dataset, probability: float, *, age_is_unknown: bool = False) -> Finding:
    """The image was read."""
    region = Region(left=95, top=40, right=225, bottom=340)
    is_positive = probability >= MODEL.threshold
    return Finding(instance(ds), 480, 320, region, probability, is_positive, age_is_unknown)


def refusal(ds: Dataset, reason: RefusalReason = RefusalReason.POOR_COVERAGE) -> Refusal:
    """The image was not read."""
    return Refusal(instance(ds), 480, 320, reason, "The lumbar vertebrae L1 to L4 were not recognised.")


def explanation(read: Finding) -> Explanation:
    """The image shows a bright spine, the upper half of which drove the result."""
    columns = np.linspace(-1, 1, read.columns, dtype=np.float32)
    image = np.repeat(np.exp(-(columns**2) * 8)[None], read.rows, axis=0)
    region = read.region
    seen = image[region.top : region.bottom, region.left : region.right]
    heat = np.linspace(1, 0, seen.shape[0], dtype=np.float32)[:, None] * seen
    return Explanation(read, GreyImage(image), HeatMap(heat, seen))


def documents(
    sources: list[Dataset],
    *readings: Reading,
    kinds: Collection[DocumentKind] = PLAIN,
    revision: int = 1,
    predecessors: Mapping[DocumentKind, InstanceRef] | None = None,
    model: ModelVersion = MODEL,
    now: datetime = NOW,
    explains: Explanation | None = None,
) -> dict[DocumentKind, ReportDocument]:
    """The documents of a study with these readings, by kind."""
    result = StudyResult(str(sources[0].StudyInstanceUID), model, readings)
    built = build_documents(
        result,
        sources,
        kinds=kinds,
        revision=revision,
        input_digest=INPUT_DIGEST,
        predecessors=predecessors or {},
        station_name="node-01",
        now=now,
        explanation=explains,
    )
    return {document.kind: document for document in built}


def clinical(model: ModelVersion = MODEL) -> ModelVersion:
    """A site's own model, which needs no warning of a demonstration."""
    return replace(model, is_demonstration=False)
