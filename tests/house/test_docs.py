"""The documentation says what the program does."""

from __future__ import annotations

import re
from unittest.mock import MagicMock

import pytest
import typer

from house import reference
from osteo_pacs.cli import app, audit, queue, study
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.doctor import Check
from osteo_pacs.log import KEYS

DOCS = reference.ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *reference.ROOT.glob("*.md")])
COMMANDS = dict(reference.walk(typer.main.get_command(app)))


@pytest.mark.parametrize("name", ["commands.md", "configuration.md", "exit-codes.md", "log-events.md"])
def test_a_reference_page_is_what_the_program_says(name):
    page = (reference.REFERENCE / name).read_text(encoding="utf-8")
    assert page == reference.pages()[name], "run `make reference`"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_a_sentence(words):
    assert (COMMANDS[words].help or "").strip().split("\n")[0].endswith(".")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_parameter_has_a_sentence(words):
    for parameter in COMMANDS[words].params:
        assert (parameter.help or "").endswith("."), parameter.name


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: code.name)
def test_every_exit_code_has_a_sentence(code):
    assert code.sentence.endswith(".")


def test_every_event_and_every_key_of_the_log_has_a_sentence():
    sentences = reference.read_sentences((reference.REFERENCE / "log-events.md").read_text(encoding="utf-8"))
    names = {*reference.logged(reference.PACKAGE), *KEYS}
    assert [name for name in sorted(names) if not sentences.get(name)] == [], "write it into log-events.md"


def test_no_event_carries_a_key_that_the_log_drops():
    events = reference.logged(reference.PACKAGE)
    assert {name: dropped for name, event in events.items() if (dropped := event.keys - KEYS)} == {}


@pytest.mark.parametrize(
    ("section", "keys"),
    [
        ("## `study list`", study.study_facts(MagicMock())),
        ("### `instances`", study.instance_facts(MagicMock())),
        ("### `reports`", study.report_facts(MagicMock())),
        ("### `deliveries`", study.delivery_facts(MagicMock())),
        ("## `queue list`", queue.job_facts(MagicMock(), set())),
        ("### `checks`", Check.__slots__),
        ("## `audit list`", audit.event_facts(MagicMock())),
        ("## `audit verify`", audit.verdict_facts(MagicMock())),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_json_page_has_every_key(section, keys):
    page = (reference.REFERENCE / "json.md").read_text(encoding="utf-8")
    table = re.split(r"\n#|\n\n(?!\|)", page.split(f"{section}\n", 1)[1].split("| key | |\n|---|---|\n", 1)[1])[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(keys)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(reference.ROOT)))
def test_every_link_leads_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    files = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in files if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(reference.ROOT)))
def test_every_command_that_a_page_names_exists(page):
    for line in re.findall(r"`osteo-pacs ([^`\n]*)`", page.read_text(encoding="utf-8")):
        words = [word for word in re.sub(r"--config \S+", "", line).replace("|", " ").split() if word.islower()]
        noun, verb = (*words, "", "")[:2]
        is_group = hasattr(COMMANDS.get((noun,)), "commands")
        assert not noun or noun.startswith("-") or (noun,) in COMMANDS, f"osteo-pacs {line}"
        assert not (is_group and verb) or (noun, verb) in COMMANDS, f"osteo-pacs {line}"
