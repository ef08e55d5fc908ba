"""config.toml holds every key of the model with its default and its sentence, and nothing else."""

from __future__ import annotations

import re
import tomllib

import pytest

from house.reference import default_of
from osteo_pacs import shipped
from osteo_pacs.config import Destination, Settings

TEXT = shipped.CONFIG.read_text(encoding="utf-8")
SECTIONS = [name for name in Settings.model_fields if name not in {"destinations", "selection"}]
EXAMPLE = {
    "name": '"pacs"',
    "host": '"127.0.0.1"',
    "port": "11113",
    "ae_title": '"PACS"',
    "tls_certificate": '"tls/osteo-pacs.pem"',
    "tls_key": '"tls/osteo-pacs.key"',
    "tls_ca": '"tls/ca.pem"',
    "tls_server_name": '"pacs.example"',
}
"""What stands in the commented destination for keys that have no default."""


def table(name: str) -> list[tuple[str, bool, str, str]]:
    """The rows of a table: key, whether it is commented out, its value, the comment above it."""
    body = re.search(rf"^(?:# )?\[+{name}\]+\n(.*?)(?=\n\n|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert body, f"[{name}] is not there"
    found = re.findall(r"^# (?:# )?(?!\w+ = )(.+)\n(# )?(?:# )?([a-z_]+) = (.*)$", body[1], re.MULTILINE)
    return [(key, bool(mark), value, sentence) for sentence, mark, key, value in found]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_has_every_key_with_its_sentence_in_the_model_s_order(name):
    model = Settings.model_fields[name].annotation
    wanted = [(key, field.description) for key, field in model.model_fields.items()]
    assert [(key, sentence) for key, _, _, sentence in table(name)] == wanted


@pytest.mark.parametrize("name", SECTIONS)
def test_a_value_is_the_model_s_default_and_a_key_without_one_is_commented_out(name):
    model = Settings.model_fields[name].annotation
    for key, is_commented, value, _ in table(name):
        field = model.model_fields[key]
        assert is_commented == (field.get_default(call_default_factory=True) is None), key
        if not is_commented:
            assert tomllib.loads(f"x = {value}") == tomllib.loads(f"x = {default_of(field).strip('`')}"), key


def test_the_destination_in_comments_has_every_key_with_its_sentence_and_default():
    rows = table("destinations")
    fields = Destination.model_fields
    assert [(key, sentence) for key, _, _, sentence in rows] == [(k, f.description) for k, f in fields.items()]
    for key, _, value, _ in rows:
        default = default_of(fields[key]).strip("`")
        if key == "calling_ae_title":
            assert value == f'"{Settings().listener.ae_title}"'
        else:
            assert value == EXAMPLE.get(key, default), key


def test_the_destination_in_comments_can_be_used():
    lines = re.search(r"^# \[\[destinations\]\]\n(?:#.*\n)+", TEXT, re.MULTILINE)[0]
    given = tomllib.loads(re.sub(r"^# ", "", lines, flags=re.MULTILINE))
    [destination] = [Destination(**table) for table in given["destinations"]]
    assert (destination.name, destination.tls_certificate) == ("pacs", None), (
        "TLS needs files that are not there yet"
    )


def test_the_shipped_rules_read_and_pass_over():
    rules = tomllib.loads(TEXT)["selection"]["rules"]
    assert {rule["read"] for rule in rules} == {True, False}
