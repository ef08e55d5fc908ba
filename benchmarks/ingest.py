"""How fast instances come in durably, beside Orthanc and DCMTK in the same run.

    python benchmarks/ingest.py --output ingest.json

Each round visits every server with 1 and with 4 associations before the next round begins, so that what else the
machine does falls on all of them alike; only the ratios of one run mean something. The sender is DCMTK's storescu,
one process an association, which invents a new SOP Instance UID for every send. TCP_NODELAY=1 for all of DCMTK and
Orthanc: without it each message waits 40 ms for Nagle's algorithm.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

ENVIRONMENT = os.environ | {"TCP_NODELAY": "1", "PATH": f"{os.environ['PATH']}:/usr/sbin"}
ASSOCIATIONS = (1, 4)
ROWS, COLUMNS = 640, 600
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Server(ABC):
    """A Storage SCP under test, in a folder of its own."""

    name: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        folder.mkdir()

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The program and its options."""

    @property
    def ae_title(self) -> str:
        return "ANY-SCP"

    @property
    def environment(self) -> dict[str, str]:
        return ENVIRONMENT

    @contextmanager
    def running(self) -> Iterator[int]:
        """Its process id, once it listens."""
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                self.command(), cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )
        try:
            wait_for(lambda: listens(self.port) or process.poll() is not None)
            if process.poll() is not None:
                raise SystemExit(f"{self.name} ended:\n{(self.folder / 'log').read_text()[-2000:]}")
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)


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
    """The listener of this checkout, on SQLite."""

    name = "osteo_pacs"

    def command(self) -> Sequence[str]:
        (self.folder / "config.toml").write_text("")
        program = [sys.executable, "-m", "osteo_pacs"]
        subprocess.run([*program, "db", "upgrade"], env=self.environment, check=True, capture_output=True)
        return [*program, "listener"]

    @property
    def ae_title(self) -> str:
        return "OSTEO_PACS"

    @property
    def environment(self) -> dict[str, str]:
        return ENVIRONMENT | {
            "OSTEO_PACS_CONFIG": str(self.folder / "config.toml"),
            "OSTEO_PACS__LISTENER__PORT": str(self.port),
        }


SERVERS: tuple[type[Server], ...] = (OsteoPacs, Orthanc, Storescp)


@dataclass
class Measured:
    """What one server did with one number of associations."""

    instances_per_s: list[float] = field(default_factory=list)
    cpu_ms_each: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        rates = self.instances_per_s
        return {
            "instances_per_s": round(statistics.median(rates), 1),
            "range": [round(min(rates), 1), round(max(rates), 1)],
            "server_cpu_ms_each": round(statistics.median(self.cpu_ms_each), 2),
        }


def main() -> None:
    options = parsed_options()
    folder = Path(tempfile.mkdtemp(prefix="ingest-", dir=options.folder))
    try:
        results = measure(folder, options.rounds, options.instances)
    finally:
        shutil.rmtree(folder)
    report = json.dumps(summary(results, options.instances), indent=2)
    if options.output:
        options.output.write_text(report + "\n")
    print(report)


def measure(folder: Path, rounds: int, instances: int) -> dict[str, dict[int, Measured]]:
    """All rounds; the first one, which warms up, is not counted."""
    image = write_image(folder / "image.dcm")
    results = {kind.name: {count: Measured() for count in ASSOCIATIONS} for kind in SERVERS}
    with ExitStack() as stack:
        running = []
        for kind in SERVERS:
            server = kind(folder / kind.name)
            running.append((server, stack.enter_context(server.running())))
        for number in range(rounds + 1):
            for count in ASSOCIATIONS:
                for server, pid in running:
                    rate, cpu_ms = push(server, pid, image, count, instances)
                    if number:
                        results[server.name][count].instances_per_s.append(rate)
                        results[server.name][count].cpu_ms_each.append(cpu_ms)
    return results


def push(server: Server, pid: int, image: Path, associations: int, instances: int) -> tuple[float, float]:
    """Instances a second, and the server's CPU milliseconds for each."""
    each = instances // associations
    command = [
        "storescu", "-R", "+II", "--repeat", str(each), "-aec", server.ae_title,
        "127.0.0.1", str(server.port), str(image),
    ]  # fmt: skip
    cpu_before, started = cpu_s(pid), time.perf_counter()
    senders = [
        subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(associations)
    ]
    for sender in senders:
        _, errors = sender.communicate()
        if sender.returncode or errors:
            raise SystemExit(f"storescu to {server.name}: {errors.decode()[-500:]}")
    seconds = time.perf_counter() - started
    sent = each * associations
    return sent / seconds, (cpu_s(pid) - cpu_before) * 1000 / sent


def summary(results: dict[str, dict[int, Measured]], instances: int) -> dict[str, Any]:
    """Medians, and our ratio to each of the others, round by round."""
    ours = results[OsteoPacs.name]
    return {
        "benchmark": "ingest",
        "instance_bytes": ROWS * COLUMNS,
        "instances_per_push": instances,
        "rounds": len(ours[ASSOCIATIONS[0]].instances_per_s),
        "processors": os.cpu_count(),
        "servers": {
            name: {str(count): measured.as_json() for count, measured in by_count.items()}
            for name, by_count in results.items()
        },
        "ratio_to": {
            name: {str(count): ratios(ours[count], measured) for count, measured in by_count.items()}
            for name, by_count in results.items()
            if name != OsteoPacs.name
        },
    }


def ratios(ours: Measured, others: Measured) -> dict[str, Any]:
    each = [a / b for a, b in zip(ours.instances_per_s, others.instances_per_s, strict=True)]
    return {"median": round(statistics.median(each), 2), "range": [round(min(each), 2), round(max(each), 2)]}


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
    ds.PixelData = random.Random(1).randbytes(ROWS * COLUMNS)
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)
    return path


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_PER_S


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(condition: Callable[[], bool], *, timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("a server did not start in time")
        time.sleep(0.05)


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count (default 5)")
    parser.add_argument("--instances", type=int, default=400, help="instances in each push (default 400)")
    parser.add_argument("--folder", type=Path, help="where the servers store; the disk under it is what is measured")
    parser.add_argument("--output", type=Path, help="also write the JSON here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
