"""TLS and plain DICOM in [listener] and [[destinations]]."""

from __future__ import annotations

import pytest

from osteo_pacs.config import load
from osteo_pacs.errors import ConfigurationError

TLS = 'tls_certificate = "tls/us.pem"\ntls_key = "tls/us.key"\ntls_ca = "/etc/tls/ca.pem"\n'
TITLES = 'tls_ae_titles = { "scanner.example" = ["DXA"] }\n'
LISTS = 'calling_ae_titles = ["DXA"]\naddresses = ["10.0.0.0/8"]\n'
PACS = '[[destinations]]\nname = "pacs"\nport = 104\nae_title = "PACS"\n'
FINGERPRINT = "3f" * 32


@pytest.fixture
def write(tmp_path):
    def write_config(text):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_config


@pytest.fixture
def mistakes_in(write):
    def mistakes(text):
        with pytest.raises(ConfigurationError) as caught:
            load(write(text))
        return str(caught.value)

    return mistakes


def test_paths_of_certificates_are_relative_to_the_file(write, tmp_path):
    settings = load(write(f'[listener]\n{TLS}{TITLES}{PACS}host = "10.0.0.7"\n{TLS}'))
    for section in (settings.listener, settings.destinations[0]):
        assert section.tls_certificate == tmp_path / "tls/us.pem"
        assert section.tls_key == tmp_path / "tls/us.key"
        assert str(section.tls_ca) == "/etc/tls/ca.pem"


# -- plain DICOM


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.7", "::1", "localhost"])
def test_plain_dicom_is_spoken_on_loopback(write, host):
    settings = load(write(f'[listener]\nhost = "{host}"\n{PACS}host = "{host}"\n'))
    assert settings.listener.host == settings.destinations[0].host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "::", "pacs.example"])  # noqa: S104 - the case
def test_plain_dicom_off_loopback_must_be_allowed(mistakes_in, write, host):
    listener, destination = f'[listener]\nhost = "{host}"\n{LISTS}', f'{PACS}host = "{host}"\n'
    message = mistakes_in(listener + destination)
    for where in ("[listener]:", "[[destinations]] pacs:"):
        assert f"{where} plain DICOM off loopback can be read and changed on its way" in message
    assert "tls_certificate, tls_key, tls_ca, or set allow_plain = true" in message
    assert load(write(f"{listener}allow_plain = true\n{destination}allow_plain = true\n")).listener.host == host


def test_what_is_wrong_with_the_listener_is_told_at_once(mistakes_in):
    message = mistakes_in('[listener]\nhost = "10.0.0.7"\n')
    assert "list the scanners" in message
    assert "allow_plain" in message


# -- TLS


@pytest.mark.parametrize("left_out", ["tls_certificate", "tls_key", "tls_ca"])
def test_the_files_of_tls_go_together(mistakes_in, left_out):
    lines = "".join(line for line in TLS.splitlines(keepends=True) if not line.startswith(left_out))
    message = mistakes_in(f'[listener]\n{lines}{TITLES}{PACS}host = "127.0.0.1"\n{lines}')
    assert message.count(f"tls_certificate, tls_key, tls_ca go together; missing: {left_out}") == 2


def test_tls_without_ae_titles_lets_no_one_in(mistakes_in):
    assert 'write { "scanner.example" = ["SCANNER"] }' in mistakes_in(f"[listener]\n{TLS}")


def test_keys_that_mean_nothing_without_tls_are_told(mistakes_in):
    message = mistakes_in(f'[listener]\n{TITLES}{PACS}host = "127.0.0.1"\ntls_server_name = "pacs.example"\n')
    assert "tls_ae_titles means nothing without tls_certificate" in message
    assert "tls_server_name means nothing without tls_certificate" in message


def test_tls_off_loopback_needs_the_lists_too(mistakes_in):
    assert "list the scanners" in mistakes_in(f'[listener]\nhost = "0.0.0.0"\n{TLS}{TITLES}')


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Scanner.Example", "scanner.example"),
        (" The Scanner ", "the scanner"),
        (f"sha256:{FINGERPRINT}", f"sha256:{FINGERPRINT}"),
        (f"SHA256:{FINGERPRINT.upper()}", f"sha256:{FINGERPRINT}"),
        (f"sha256:{':'.join(['3F'] * 32)}", f"sha256:{FINGERPRINT}"),
    ],
)
def test_a_certificate_is_called_by_a_name_or_a_fingerprint(write, name, key):
    listener = load(write(f'[listener]\n{TLS}[listener.tls_ae_titles]\n"{name}" = ["DXA"]\n')).listener
    assert listener.tls_ae_titles == {key: ("DXA",)}


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ('"" = ["DXA"]', "a certificate needs a name or a fingerprint"),
        ('"sha256:3f" = ["DXA"]', "is no fingerprint: sha256: and 64 hexadecimal digits"),
        (f'"sha256:{"zz" * 32}" = ["DXA"]', "is no fingerprint"),
        ('"scanner.example" = []', "scanner.example"),
        ('"scanner.example" = ["SEVENTEEN_LETTERS"]', "must be 1 to 16 ASCII characters"),
    ],
)
def test_what_binds_nothing_is_refused(mistakes_in, line, mistake):
    assert mistake in mistakes_in(f"[listener]\n{TLS}[listener.tls_ae_titles]\n{line}\n")


def test_ae_titles_of_certificates_in_the_environment_are_json(write, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__LISTENER__TLS_AE_TITLES", '{"scanner.example": ["DXA1", "DXA2"]}')
    assert load(write(f"[listener]\n{TLS}")).listener.tls_ae_titles == {"scanner.example": ("DXA1", "DXA2")}


def test_ae_titles_of_certificates_in_the_environment_that_are_no_json_are_named(mistakes_in, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__LISTENER__TLS_AE_TITLES", "scanner.example=DXA1")
    assert "OSTEO_PACS__LISTENER__TLS_AE_TITLES: a list or a table" in mistakes_in(f"[listener]\n{TLS}")
