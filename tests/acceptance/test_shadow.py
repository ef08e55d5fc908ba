"""A candidate reads beside the version in service: what it says is kept, nothing of it leaves, it harms nobody."""

from pydicom import dcmread, dcmwrite
from sqlalchemy import func, select

from bundles import another_bundle, shipped_version
from osteo_pacs.db.session import Database
from osteo_pacs.db.tables import Delivery, Document, Report
from osteo_pacs.phantom import demo_study, write_study
from peers.dcmtk import StoreScp, storescu
from peers.polling import until
from services import Service, destination, froze_outside_a_transaction

CALLED = "OSTEO_PACS"
CANDIDATE = "9.0.0"


def spines(folder, count):
    """Studies of one spine image each."""
    for number in range(count):
        study = write_study(demo_study(20 + number), folder / str(number))
        yield next(path for path in study if "ap" in path.name)


def test_a_shadow_reads_beside_and_nothing_of_it_leaves(tmp_path, sqlite_url):
    with StoreScp(tmp_path / "pacs") as pacs:
        to_pacs = destination("pacs", pacs.port, pacs.ae_title, picture=False, text_twin=False)
        settings = {"completeness": {"quiet_s": 0.3}}
        with Service(
            tmp_path / "service", database_url=sqlite_url, destinations=[to_pacs], settings=settings
        ) as service:
            service.run("model", "import", str(another_bundle(tmp_path / "candidate", CANDIDATE, offset=0.3)))
            assert service.run("model", "shadow", CANDIDATE).returncode == 0
            until(lambda: [*service.events("shadow_ready")], timeout_s=120, every_s=0.2)

            storescu(service.port, *spines(tmp_path / "scanner", 3), called=CALLED)
            until(lambda: shadow_of(service)["read"] == 3, timeout_s=120, every_s=0.5)
            until(lambda: len(pacs.instances()) == 3, timeout_s=60, every_s=0.2)

            # One whose image is gone before the shadow comes to it: refused as the worker would refuse it.
            [shadow] = service.children("shadow")
            until(lambda: froze_outside_a_transaction(shadow, sqlite_url), timeout_s=60)
            [another] = spines(tmp_path / "another", 1)
            ds = dcmread(another)
            ds.StudyInstanceUID, ds.SOPInstanceUID = f"{ds.StudyInstanceUID[:50]}.8", f"{ds.SOPInstanceUID[:50]}.8"
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
            dcmwrite(another, ds)
            storescu(service.port, another, called=CALLED)
            until(lambda: len([*service.events("report_delivered")]) == 4, timeout_s=60, every_s=0.1)
            newest = max(
                (service.folder / "var" / "spool").rglob("*.dcm"), key=lambda path: path.stat().st_mtime_ns
            )
            newest.unlink()
            shadow.resume()
            until(lambda: sum(shadow_of(service)[key] for key in ("read", "failed")) == 4, timeout_s=60)
            facts = shadow_of(service)
            assert (facts["read"], facts["failed"]) == (4, 0)
            assert facts["agreement"]["value"] == 0.75
            assert facts["mean_difference"]["value"] is not None

            assert counts(sqlite_url) == (4, 4, 4)
            assert {event["model_version"] for event in service.events("study_read")} == {shipped_version()}
            assert service.run("model", "shadow", "--off").returncode == 0
            until(lambda: not service.children("shadow"), timeout_s=30, every_s=0.1)
            assert not [*service.events("process_died")]
            assert service.stop() == 0


def shadow_of(service):
    return service.ask("model", "show", CANDIDATE)["shadow"]


def counts(url):
    """Reports, SRs for the PACS, deliveries."""
    database = Database(url)
    with database.read() as session:
        of_sr = select(func.count()).select_from(Document).where(Document.kind == "comprehensive_3d_sr")
        found = (
            session.scalar(select(func.count()).select_from(Report)),
            session.scalar(of_sr),
            session.scalar(select(func.count()).select_from(Delivery)),
        )
    database.close()
    return found
