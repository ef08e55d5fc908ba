"""Pictures of a data set are cut as the version in service sees them, whatever bundle the configuration names."""

from __future__ import annotations

from bundles import another_bundle, seal
from databases import opened, url_at_head
from osteo_pacs.audit.record import Participant
from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db import model_versions
from osteo_pacs.infer.registration import as_new_version
from osteo_pacs.model_store import ModelStore
from osteo_pacs.retrain.data_set.wiring import builder

DECIDING = "configs/inference.json"


def test_the_version_in_service_decides_on_the_crop(tmp_path):
    bundle = another_bundle(tmp_path / "bundle")
    (bundle / DECIDING).write_text((bundle / DECIDING).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    seal(bundle)
    settings = Settings(
        model={"store": tmp_path / "models"},
        spool={"directory": tmp_path / "spool"},
        datasets={"directory": tmp_path / "datasets", "key_file": tmp_path / "key"},
    )
    sealed = ModelStore(settings.model_store).add(bundle)
    with opened(url_at_head("sqlite", tmp_path)) as database:
        with database.write() as session:
            version = model_versions.register(session, as_new_version(sealed), utc_now())
            model_versions.activate(session, version, utc_now())

        with builder(settings, database, by=Participant("a person")) as made:
            assert made.made_by[DECIDING] == sealed.digests[DECIDING]
