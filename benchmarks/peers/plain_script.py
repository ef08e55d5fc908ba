"""The peer of the benchmarks: what one writes in an afternoon from the libraries' own documentation.

    python plain_script.py BUNDLE PORT SINK_PORT

pynetdicom takes an instance, MONAI and PyTorch run the same bundle, highdicom builds a TID 1500, pynetdicom sends
it over an association of its own; then the instance is answered. It keeps nothing: no file, no database, no queue,
no selection; what it was at is lost when it ends. The one thing it has beyond the documentation is TCP_NODELAY on
the way out, without which Nagle's algorithm would cost each report 40 ms.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import torch
from highdicom.sr import CodedConcept
from monai.bundle.config_parser import ConfigParser
from monai.data.meta_tensor import MetaTensor
from monai.transforms.compose import Compose
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import Comprehensive3DSRStorage
from pynetdicom import AE, AllStoragePresentationContexts, evt
from safetensors.torch import load_file

Read = Callable[[Dataset], tuple[float, bool]]

MAKER, MODEL = "benchmark", "plain script"
PROBABILITY = CodedConcept("OP-PROB", "99BENCHMARK", "Probability of osteoporosis")
OSTEOPOROSIS = CodedConcept("64859006", "SCT", "Osteoporosis")
PRESENT, ABSENT = CodedConcept("52101004", "SCT", "Present"), CodedConcept("272519000", "SCT", "Absent")


def main() -> None:
    bundle, port, sink_port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    read = reader(bundle)

    def store(event: evt.Event) -> int:
        ds = event.dataset
        ds.file_meta = event.file_meta
        send(report(ds, *read(ds)), sink_port)
        return 0x0000

    ae = AE(ae_title="PLAIN_SCRIPT")
    ae.supported_contexts = AllStoragePresentationContexts
    ae.maximum_associations = 50
    ae.start_server(("127.0.0.1", port), evt_handlers=[(evt.EVT_C_STORE, store)])


def reader(bundle: Path) -> Read:
    """The bundle's network and transforms, as MONAI's documentation loads them."""
    sys.path.insert(0, str(bundle))
    from scripts.rendering import render, spacing_mm  # type: ignore[import-not-found]  # lies in the bundle

    parser = ConfigParser()
    parser.read_config(bundle / "configs/inference.json")
    parser.read_meta(bundle / "configs/metadata.json")
    network = parser.get_parsed_content("network")
    network.load_state_dict(load_file(bundle / "models/model.safetensors"))
    network.eval()
    prepare = Compose(parser.get_parsed_content("prepare"))
    decide = parser.get_parsed_content("postprocessing")
    device = next(network.parameters()).device

    @torch.inference_mode()
    def read(ds: Dataset) -> tuple[float, bool]:
        spacing = spacing_mm(ds)
        meta = {"spacing_mm": spacing} if spacing else {}
        image = prepare({"image": MetaTensor(torch.from_numpy(render(ds))[None], meta=meta)})["image"]
        decided = decide({"pred": network(image[None].to(device))[0].cpu()})
        return float(decided["pred"][1]), bool(decided["is_positive"])

    return read


def report(source: Dataset, probability: float, is_positive: bool) -> Dataset:  # noqa: FBT001 - a plain script
    """A measurement report with one group about the whole image."""
    device = highdicom.sr.DeviceObserverIdentifyingAttributes(
        uid=highdicom.UID(), name=MODEL, manufacturer_name=MAKER, model_name=MODEL, serial_number="1"
    )
    observer = highdicom.sr.ObserverContext(codes.DCM.Device, device)
    group = highdicom.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=highdicom.sr.TrackingIdentifier(highdicom.UID(), "AI osteoporosis"),
        referenced_region=whole_image(source),
        finding_type=OSTEOPOROSIS,
        finding_sites=[highdicom.sr.FindingSite(CodedConcept("122496007", "SCT", "Lumbar spine"))],
        measurements=[highdicom.sr.Measurement(PROBABILITY, round(100 * probability, 2), codes.UCUM.Percent)],
        qualitative_evaluations=[
            highdicom.sr.QualitativeEvaluation(OSTEOPOROSIS, PRESENT if is_positive else ABSENT)
        ],
        algorithm_id=highdicom.sr.AlgorithmIdentification(MODEL, "1", codes.DCM.ArtificialIntelligence),
    )
    content = highdicom.sr.MeasurementReport(
        observation_context=highdicom.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=CodedConcept("241686001", "SCT", "Dual energy X-Ray absorptiometry"),
        imaging_measurements=[group],
    )
    return highdicom.sr.Comprehensive3DSR(
        evidence=[source], content=content, series_instance_uid=highdicom.UID(), series_number=9701,
        sop_instance_uid=highdicom.UID(), instance_number=1, manufacturer=MAKER, is_complete=True,
    )  # fmt: skip


def whole_image(source: Dataset) -> Any:
    right, bottom = float(source.Columns), float(source.Rows)
    corners = np.array([[0, 0], [right, 0], [right, bottom], [0, bottom], [0, 0]], dtype=float)
    return highdicom.sr.ImageRegion(
        highdicom.sr.GraphicTypeValues.POLYLINE,
        corners,
        highdicom.sr.SourceImageForRegion.from_source_image(source),
    )


def send(ds: Dataset, sink_port: int) -> None:
    ae = AE(ae_title="PLAIN_SCRIPT")
    ae.add_requested_context(Comprehensive3DSRStorage)
    association = ae.associate(
        "127.0.0.1", sink_port, ae_title="SINK", evt_handlers=[(evt.EVT_CONN_OPEN, without_nagle)]
    )
    if not association.is_established:
        raise ConnectionError("the sink takes no association")
    status = association.send_c_store(ds)
    association.release()
    if status.get("Status") != 0x0000:
        raise ConnectionError(f"the sink answered {json.dumps(status.to_json_dict())}")


def without_nagle(event: evt.Event) -> None:
    connection: Any = event.assoc.dul.socket
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


if __name__ == "__main__":
    main()
