"""The reports that the program writes, taken by real archives."""

import pytest

from osteo_pacs.config import Destination
from osteo_pacs.deliver import Deadline, Instance, Sender
from osteo_pacs.deliver.outcome import Answered
from peers import StoreScp
from peers.fixtures import orthanc
from sr_gate.results import ILLUSTRATED, documents, explanation, finding
from sr_gate.sources import ge

__all__ = ["orthanc"]


@pytest.fixture(scope="module")
def reports():
    spine = ge()
    read = finding(spine, 0.8)
    return documents([spine], read, kinds=ILLUSTRATED, explains=explanation(read))


def send(reports, port):
    destination = Destination(name="pacs", host="127.0.0.1", port=port, ae_title="PACS")
    sender = Sender(destination, calling_ae_title="OSTEO_PACS")
    for report in reports.values():
        outcome = sender.store([Instance.from_part10(report.content)], Deadline.after(10))
        assert outcome == Answered(report.sop_instance_uid, 0)
    sender.close()


def test_orthanc_takes_every_kind_of_report(reports, orthanc):
    send(reports, orthanc.port)
    taken = {str(ds.SOPClassUID): ds for ds in orthanc.instances()}
    assert set(taken) == {kind.sop_class_uid for kind in ILLUSTRATED}
    assert len(orthanc.study_instance_uids()) == 1
    assert all(ds.VerificationFlag == "UNVERIFIED" for ds in taken.values() if ds.Modality == "SR")


def test_dcmtk_keeps_the_very_bytes_of_every_kind_of_report(reports, tmp_path):
    with StoreScp(tmp_path / "received") as pacs:
        send(reports, pacs.port)
        kept = [Instance.from_part10(path.read_bytes()) for path in pacs.folder.iterdir()]
    sent = {report.sop_instance_uid: Instance.from_part10(report.content) for report in reports.values()}
    assert {instance.sop_instance_uid: instance.data_set for instance in kept} == {
        uid: instance.data_set for uid, instance in sent.items()
    }
