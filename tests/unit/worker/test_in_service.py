"""Which version a worker begins with: the database's, whatever the configuration names."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bundles import paper_bundle
from databases import opened, url_at_head
from osteo_pacs.config import Settings
from osteo_pacs.db import model_versions
from osteo_pacs.db.audit import list_records
from osteo_pacs.sealed import BundleTampered
from osteo_pacs.worker.in_service import BundleOfServiceMissing, begin


@pytest.fixture
def database(tmp_path):
    with opened(url_at_head("sqlite", tmp_path)) as found:
        yield found


@pytest.fixture
def start(database, tmp_path):
    """A worker's start with a bundle of this version in the configuration."""

    def start_with(version, store=tmp_path / "models") -> tuple:
        folder = tmp_path / version
        if not folder.exists():
            paper_bundle(folder, version)
        with capture_logs() as logs:
            known, bundle_of = begin(Settings(model={"bundle": folder, "store": store}), database)
        return known, bundle_of, [log["event"] for log in logs]

    return start_with


def versions(database):
    with database.read() as session:
        return {each.version: str(each.state) for each in model_versions.list_model_versions(session)}


def test_the_first_start_puts_the_configuration_s_bundle_into_service_and_into_the_store(
    start, database, tmp_path
):
    known, bundle_of, events = start("1.0")
    assert (known.version, events, versions(database)) == ("1.0", [], {"1.0": "active"})
    assert bundle_of(known) == tmp_path / "models" / known.bundle_sha256
    with database.read() as session:
        [record] = list_records(session)
    assert "1.0 put into service" in record.record.description


def test_another_bundle_in_the_configuration_becomes_a_candidate_and_is_told(start, database):
    start("1.0")
    known, _, events = start("1.1")
    assert (known.version, events) == ("1.0", ["model_configuration_passed_over"])
    assert versions(database) == {"1.0": "active", "1.1": "candidate"}


def test_the_next_start_says_nothing(start, database):
    start("1.0")
    assert start("1.0")[2] == []
    with database.read() as session:
        assert len(list_records(session)) == 1


def test_a_store_that_cannot_be_written_does_not_keep_the_service_from_reading(start, tmp_path):
    (tmp_path / "file").write_text("")
    known, bundle_of, events = start("1.0", Path(tmp_path / "file"))
    assert (bundle_of(known), events) == (tmp_path / "1.0", ["model_not_stored"])


def test_a_version_in_service_that_is_nowhere_is_told(start, tmp_path):
    start("1.0")
    known, bundle_of, _ = start("1.1", tmp_path / "another store")
    with pytest.raises(BundleOfServiceMissing, match="osteo-pacs model import FOLDER"):
        bundle_of(known)


def test_a_bundle_in_the_store_that_was_changed_is_never_registered(start, tmp_path):
    known, _, _ = start("1.0")
    (tmp_path / "models" / known.bundle_sha256 / "models" / "model.safetensors").write_bytes(b"other")
    with pytest.raises(BundleTampered):
        start("1.0")
