"""The running processes have what is their own and no more."""

import re
import stat
from pathlib import Path

import psutil
import pytest

from databases import drop_postgresql, new_url, url_at_head
from osteo_pacs.phantom import write_study
from peers.dcmtk import storescu
from peers.polling import until
from services import Service

CALLED = "OSTEO_PACS"
LEARNING = re.compile(r"/(torch|openvino)/")


@pytest.fixture(scope="module")
def service(tmp_path_factory, pictures):
    """It has read a study."""
    folder = tmp_path_factory.mktemp("installed")
    with Service(folder / "service", database_url=new_url("sqlite", folder)) as running:
        storescu(running.port, *write_study(pictures, folder / "scanner"), called=CALLED)
        until(lambda: [*running.events("study_read")], timeout_s=60, every_s=0.1)
        yield running


def mapped(process):
    """What a process has loaded of native code."""
    return Path(f"/proc/{process.pid}/maps").read_text()


def test_only_the_worker_has_loaded_what_runs_the_network(service):
    (worker,) = service.children("worker")
    assert LEARNING.search(mapped(worker))
    (decoder,) = worker.children()
    others = [child for child in service.children() if child != worker]
    assert len(others) == 3
    for process in (*others, decoder, psutil.Process(service.process.pid)):
        assert not LEARNING.search(mapped(process)), process.cmdline()


def test_the_worker_listens_nowhere_and_its_decoder_has_nothing_open(service):
    (worker,) = service.children("worker")
    (decoder,) = worker.children()
    assert [*worker.net_connections("inet"), *decoder.net_connections("all")] == []
    assert decoder.open_files() == []


def test_everything_that_the_service_writes_is_its_user_s_alone(service):
    written = [*(service.folder / "var").rglob("*"), *service.folder.parent.glob("*.db*")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in written if path.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in written if path.is_dir()} == {0o700}
    for process in service.children():
        umask = re.search(r"^Umask:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
        assert umask[1] == "0077"


def test_a_start_with_a_password_that_everyone_can_read_is_told(tmp_path):
    url = url_at_head("postgresql", tmp_path)
    service = Service(tmp_path / "service", database_url=url)
    del service.environment["OSTEO_PACS__DATABASE__URL"]
    with_password = re.sub(r"(://\w+)(:[^@/]*)?@", r"\1:a-word@", url)
    service.config.write_text(service.config.read_text().replace("sqlite:///var/osteo_pacs.db", with_password))
    service.config.chmod(0o644)
    try:
        with service:
            [warned] = service.events("password_readable_by_everyone")
    finally:
        drop_postgresql(url)
    assert f"chmod o-rwx {service.config}" in warned["remedy"]
    assert "a-word" not in service.log.read_text()
