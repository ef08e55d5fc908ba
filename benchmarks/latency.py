"""How long a study waits for its report when nothing else is to be done, beside a plain script in the same run.

    python benchmarks/latency.py --output latency.json

Studies of one image go one after the other, to osteo_pacs and to the script in turn. The clock runs from the
C-STORE request until the SR is a file of the sink. The script answers C-STORE when the SR is sent, and osteo_pacs
when the image is safe; so osteo_pacs is also measured from that answer on. The quiet time, for which osteo_pacs
waits because more instances may come, is taken off. It sends what it sends as shipped: before the SR a picture,
and behind it its text.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import machine, options_of, percentile, progress, wait_for, write_report
from contenders import OsteoPacs, PlainScript, Reader, reading
from studies import Scanner

from osteo_pacs.deliver.association import Association, Peer
from osteo_pacs.deliver.deadline import Deadline
from osteo_pacs.deliver.instance import Instance
from osteo_pacs.deliver.wire import Wire

QUIET_S = 1.0
WARM_UP = 3
STEPS = ("queued_s", "decode_s", "predict_s", "report_s", "commit_s")


@dataclass(frozen=True, slots=True)
class Wait:
    """One study's wait for its report, in seconds, with the quiet time in it."""

    from_request_s: float
    from_response_s: float


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--studies", type=int, default=50, help="studies for each (default 50)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="latency-", dir=options.folder) as folder:
        write_report(measured(Path(folder), options.studies), options.output)


def measured(folder: Path, studies: int) -> dict[str, Any]:
    facts = machine()
    scanner = Scanner(folder / "scanner")
    ours = OsteoPacs(folder / "ours", {"completeness": {"quiet_s": QUIET_S}})
    script = PlainScript(folder / "script")
    waits: dict[str, list[Wait]] = {ours.name: [], script.name: []}
    with reading(ours, script):
        for number in range(WARM_UP + studies):
            (study,) = scanner.studies(1)
            for reader in (ours, script):
                wait = wait_of(reader, study)
                if number >= WARM_UP:
                    waits[reader.name].append(wait)
            progress(f"study {number + 1} of {WARM_UP + studies}")
        steps = ours.events("study_read")[WARM_UP:]
    return summary(waits[ours.name], waits[script.name], steps) | {"machine": facts}


def wait_of(reader: Reader, study: Path) -> Wait:
    """Sends a study and waits for its report."""
    reader.sink.clear()
    instance = Instance.from_part10(study.read_bytes())
    peer = Peer("127.0.0.1", reader.port, reader.ae_title, "BENCHMARK")
    proposal = [(instance.sop_class_uid, instance.transfer_syntax_uid)]
    association = Association.request(Wire(), peer, proposal, Deadline.after(30))
    requested_s = time.time()
    status = association.store(instance, Deadline.after(60))
    responded_s = time.time()
    association.release(Deadline.after(5))
    assert status == 0x0000, f"{reader.name} answered {status:#06x}"
    wait_for(lambda: reader.sink.count() > 0, timeout_s=60, what=f"a report of {reader.name}", every_s=0.02)
    # Calm again: what goes behind the SR is sent.
    time.sleep(0.2)
    arrived_s = reader.sink.arrivals_s()[0]
    return Wait(arrived_s - requested_s, arrived_s - responded_s)


def summary(ours: Sequence[Wait], script: Sequence[Wait], steps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    from_request = [wait.from_request_s - QUIET_S for wait in ours]
    script_from_request = [wait.from_request_s for wait in script]
    return {
        "benchmark": "latency",
        "studies": len(ours),
        "quiet_s_taken_off": QUIET_S,
        "osteo_pacs": {
            "from_request_s": distribution(from_request),
            "from_response_s": distribution([wait.from_response_s - QUIET_S for wait in ours]),
            "steps_s_median": {name: round(statistics.median(step[name] for step in steps), 4) for name in STEPS},
        },
        "plain_script": {"from_request_s": distribution(script_from_request)},
        "ratio_of_p50_from_request": round(
            percentile(from_request, 0.5) / percentile(script_from_request, 0.5), 2
        ),
    }


def distribution(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(values, 0.5), 3),
        "p95": round(percentile(values, 0.95), 3),
        "least": round(min(values), 3),
        "most": round(max(values), 3),
    }


if __name__ == "__main__":
    main()
