"""What is not fit to start says so at once, names what is wrong and what to do, and starts nothing."""

import shutil
import socket
import subprocess

import pytest

from databases import url_at_head
from osteo_pacs import shipped
from osteo_pacs.cli.exit_codes import ExitCode
from peers.programs import free_port
from services import Service

STARTED = ('"ready"', '"worker_ready"', '"scheduler_leads"', '"process_died"')


def refusal_of(service, *, status=None):
    done = service.run("serve")
    assert done.returncode != 0 if status is None else done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert not any(event in done.stderr for event in STARTED)
    return done.stderr


def test_every_wrong_key_is_named_with_its_remedy(tmp_path, sqlite_url):
    service = Service(tmp_path, database_url=sqlite_url)
    service.config.write_text('[listener]\nprot = 4\n[worker]\ndevice = "tpu"\n[listner]\nport = 104\n')
    message = refusal_of(service)
    assert "[listener] prot: there is no such key; did you mean port?" in message
    assert "[worker] device = 'tpu'" in message
    assert "listner: there is no such key; did you mean listener?" in message


def test_a_listener_off_loopback_without_allow_lists_is_refused(tmp_path, sqlite_url):
    service = Service(tmp_path, database_url=sqlite_url, settings={"listener": {"host": "0.0.0.0"}})  # noqa: S104 - the case
    assert "calling_ae_titles and addresses" in refusal_of(service)


def test_an_unreachable_database_is_named_without_its_password(tmp_path):
    url = f"postgresql+psycopg://someone:secret-word@127.0.0.1:{free_port()}/studies"
    message = refusal_of(Service(tmp_path, database_url=url))
    assert "The database does not answer" in message
    assert "[database] url" in message
    assert "secret-word" not in message


def test_an_empty_database_that_is_not_sqlite_is_not_created_unasked(tmp_path, empty_postgresql_url):
    service = Service(tmp_path, database_url=empty_postgresql_url)
    assert "osteo-pacs db upgrade" in refusal_of(service)
    assert service.run("db", "upgrade").returncode == 0
    assert service.ask("db", "status")["is_at_head"]


def test_a_database_from_a_later_version_is_refused(tmp_path):
    from sqlalchemy import text

    from osteo_pacs.db.session import Database

    url = url_at_head("sqlite", tmp_path)
    database = Database(url)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    assert "9999" in refusal_of(Service(tmp_path / "service", database_url=url))


@pytest.mark.parametrize("victim", ["configs/inference.json", "models/model.safetensors", "scripts/rendering.py"])
def test_a_tampered_bundle_is_refused_before_it_is_parsed(tmp_path, sqlite_url, victim):
    bundle = tmp_path / "bundle"
    shutil.copytree(shipped.BUNDLE, bundle)
    with (bundle / victim).open("ab") as file:
        file.write(b" ")
    service = Service(tmp_path / "service", database_url=sqlite_url, settings={"model": {"bundle": str(bundle)}})
    message = refusal_of(service)
    assert victim in message
    assert "Restore the bundle" in message


def test_a_bundle_that_is_not_there_is_a_mistake_of_the_configuration(tmp_path, sqlite_url):
    service = Service(tmp_path, database_url=sqlite_url, settings={"model": {"bundle": "no/bundle"}})
    message = refusal_of(service, status=ExitCode.CONFIGURATION)
    assert "[model] bundle = 'no/bundle': there is no such folder" in message
    # A process that starts alone says so, too.
    assert service.run("db", "upgrade").returncode == 0
    listener = service.run("listener")
    assert listener.returncode == ExitCode.CONFIGURATION
    assert "There is no model bundle" in listener.stderr


@pytest.mark.parametrize("processes", [1, 2])
def test_a_port_that_another_program_has_is_refused(tmp_path, sqlite_url, processes):
    service = Service(tmp_path, database_url=sqlite_url, settings={"listener": {"processes": processes}})
    with socket.create_server(("127.0.0.1", service.port)):
        message = refusal_of(service, status=ExitCode.CONFIGURATION)
    assert f"127.0.0.1:{service.port}: Address already in use" in message
    assert "Choose another [listener] host or port" in message


@pytest.mark.parametrize("process", ["serve", "listener"])
def test_a_spool_that_cannot_be_made_is_refused(tmp_path, process):
    # /proc takes no folder, even from root.
    settings = {"spool": {"directory": "/proc/nope"}}
    done = Service(tmp_path, database_url=url_at_head("sqlite", tmp_path), settings=settings).run(process)
    assert done.returncode == ExitCode.CONFIGURATION
    assert "The spool's folder cannot be made or written: /proc/nope" in done.stderr
    assert "[spool] directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_device_that_is_not_there_is_refused(tmp_path, sqlite_url):
    service = Service(tmp_path, database_url=sqlite_url, settings={"worker": {"device": "cuda"}})
    # Where there is a GPU, its driver shows none.
    service.environment["CUDA_VISIBLE_DEVICES"] = ""
    message = refusal_of(service, status=ExitCode.CONFIGURATION)
    assert "The device that the configuration asks for is not there: cuda" in message
    assert "[worker] device" in message


def test_a_keyword_that_is_none_is_refused(tmp_path, sqlite_url):
    service = Service(tmp_path, database_url=sqlite_url)
    text = service.config.read_text().replace('attribute = "ProtocolName"', 'attribute = "ProtocolNmae"', 1)
    service.config.write_text(text)
    message = refusal_of(service, status=ExitCode.CONFIGURATION)
    assert "'ProtocolNmae' is no keyword of PS3.6; did you mean ProtocolName?" in message


def test_a_second_service_of_one_installation_is_refused_and_the_first_runs_on(tmp_path, sqlite_url):
    with Service(tmp_path / "one", database_url=sqlite_url) as first:
        second = Service(tmp_path / "two", database_url=sqlite_url)
        message = refusal_of(second, status=ExitCode.FAILED)
        assert "Another `osteo-pacs serve` runs on this installation" in message
        assert "End that one first" in message
        assert first.process.poll() is None
        first.kill()
        first.start(worker_ready=False)
        assert first.stop() == 0


def test_a_bundle_that_the_configured_key_has_not_signed_is_refused(tmp_path, sqlite_url):
    private, public = tmp_path / "key.pem", tmp_path / "key.pub.pem"
    for command in (
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", private],
        ["openssl", "pkey", "-in", private, "-pubout", "-out", public],
    ):
        subprocess.run(command, check=True, capture_output=True)
    keyed = {"model": {"public_key": str(public)}}
    message = refusal_of(Service(tmp_path / "service", database_url=sqlite_url, settings=keyed))
    assert "The model bundle is not signed by the key that the configuration names" in message
    assert "sign-a-bundle.md" in message
