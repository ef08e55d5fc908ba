"""How fast instances come in durably, beside Orthanc and DCMTK in the same run.

    python benchmarks/ingest.py --output ingest.json

Each round visits every server with 1 and with 4 associations before the next round begins, so that what else the
machine does falls on all of them alike; only the ratios of one run mean something. The sender is DCMTK's storescu,
one process an association, which invents a new SOP Instance UID for every send.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import (
    ENVIRONMENT,
    Server,
    listens,
    machine,
    options_of,
    progress,
    ratios,
    running,
    spread,
    write_report,
)
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from osteo_pacs.db import migrate
from osteo_pacs.db.session import Database

ASSOCIATIONS = (1, 4)
ROWS, COLUMNS = 640, 600
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Storescp(Server):
    """DCMTK: no fsync, no database, a process for each association."""

    name = "storescp"

    def command(self) -> Sequence[str]:
        received = self.folder / "received"
        received.mkdir(exist_ok=True)
        return ["storescp", "+B", "--fork", "-od", str(received), str(self.port)]


class Orthanc(Server):
    """Orthanc with its storage synchronous: durable, as we are."""

    name = "orthanc"

    def command(self) -> Sequence[str]:
        configuration = {
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "SyncStorageArea": True,
            "HttpServerEnabled": False,
            "DicomPort": self.port,
            "DicomAet": self.ae_title,
            "DicomAlwaysAllowStore": True,
            "Plugins": [],
        }
        path = self.folder / "orthanc.json"
        path.write_text(json.dumps(configuration))
        return ["Orthanc", str(path)]


class OsteoPacs(Server):
    """One listener process of this checkout, on SQLite."""

    name = "osteo_pacs"
    ae_title = "OSTEO_PACS"

    def command(self) -> Sequence[str]:
        (self.folder / "config.toml").write_text("")
        with closing(Database(self.environment["OSTEO_PACS__DATABASE__URL"])) as database:
            migrate.upgrade(database)
        return [sys.executable, "-m", "osteo_pacs", "listener"]

    @property
    def environment(self) -> dict[str, str]:
        """A configuration that only says where."""
        return ENVIRONMENT | {
            "OSTEO_PACS_CONFIG": str(self.folder / "config.toml"),
            "OSTEO_PACS__DATABASE__URL": f"sqlite:///{self.folder}/osteo_pacs.db",
            "OSTEO_PACS__LISTENER__PORT": str(self.port),
        }


SERVERS: tuple[type[Server], ...] = (OsteoPacs, Orthanc, Storescp)


@dataclass
class Measured:
    """What one server did with one number of associations, round by round."""

    instances_per_s: list[float] = field(default_factory=list)
    cpu_ms_each: list[float] = field(default_factory=list)


Results = dict[str, dict[int, Measured]]


def main() -> None:
    options = parsed_options()
    folder = Path(tempfile.mkdtemp(prefix="ingest-", dir=options.folder))
    try:
        results = measure(folder, options.rounds, options.instances)
    finally:
        shutil.rmtree(folder)
    write_report(summary(results, options.instances), options.output)


def measure(folder: Path, rounds: int, instances: int) -> Results:
    """All rounds; a first one, which warms up, is not counted."""
    image = write_image(folder / "image.dcm")
    servers = [kind(folder / kind.name) for kind in SERVERS]
    results = {server.name: {count: Measured() for count in ASSOCIATIONS} for server in servers}
    with running(*servers):
        for number in range(rounds + 1):
            for count in ASSOCIATIONS:
                for server in servers:
                    rate, cpu_ms = push(server, image, count, instances)
                    progress(
                        f"round {number}, {count} associations, {server.name}: {rate:.0f}/s, {cpu_ms:.2f} ms CPU"
                    )
                    if number:
                        results[server.name][count].instances_per_s.append(rate)
                        results[server.name][count].cpu_ms_each.append(cpu_ms)
    return results


def push(server: Server, image: Path, associations: int, instances: int) -> tuple[float, float]:
    """Instances a second, and the server's CPU milliseconds for each."""
    each = instances // associations
    command = [
        "storescu", "-R", "+II", "--repeat", str(each), "-aec", server.ae_title,
        "127.0.0.1", str(server.port), str(image),
    ]  # fmt: skip
    cpu_before, started = cpu_s(server.pid), time.perf_counter()
    senders = [
        subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(associations)
    ]
    for sender in senders:
        _, errors = sender.communicate()
        if sender.returncode or errors:
            raise SystemExit(f"storescu to {server.name}: {errors.decode()[-500:]}")
    seconds = time.perf_counter() - started
    reap(server)
    sent = each * associations
    return sent / seconds, (cpu_s(server.pid) - cpu_before) * 1000 / sent


def reap(server: Server) -> None:
    """Lets a server that forks collect its children, whose CPU time counts only then."""
    listens(server.port)
    time.sleep(0.1)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, and of its children that it has collected."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_PER_S


def summary(results: Results, instances: int) -> dict[str, Any]:
    """Each server's figures, and our ratio to each of the others, round by round."""
    ours = results[OsteoPacs.name]
    return {
        "benchmark": "ingest",
        "machine": machine(),
        "instance_bytes": ROWS * COLUMNS,
        "instances_per_push": instances,
        "servers": {
            name: {
                str(count): {
                    "instances_per_s": spread(measured.instances_per_s, 1),
                    "server_cpu_ms_each": spread(measured.cpu_ms_each, 2),
                }
                for count, measured in by_count.items()
            }
            for name, by_count in results.items()
        },
        "ratio_to": {
            name: {
                str(count): ratios(ours[count].instances_per_s, measured.instances_per_s)
                for count, measured in by_count.items()
            }
            for name, by_count in results.items()
            if name != OsteoPacs.name
        },
    }


def write_image(path: Path) -> Path:
    """A CR image of 384 kB."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = ComputedRadiographyImageStorage, "1.2.826.0.1.3680043.10.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.10.2", "1.2.826.0.1.3680043.10.3"
    ds.PatientID, ds.PatientName, ds.Modality = "BENCHMARK", "Benchmark", "CR"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", 1, 1
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "20240102", "030405", "A1"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = ROWS, COLUMNS, 1
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation, ds.PhotometricInterpretation = 7, 0, "MONOCHROME2"
    ds.PixelData = random.Random(1).randbytes(ROWS * COLUMNS)  # noqa: S311 - noise, not a secret
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)
    return path


def parsed_options() -> argparse.Namespace:
    parser = options_of(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count (default 5)")
    parser.add_argument("--instances", type=int, default=400, help="instances in each push (default 400)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
