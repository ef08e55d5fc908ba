"""The documentation says what the program does."""

from __future__ import annotations

import re
from unittest.mock import MagicMock

import pytest
import typer
from typer.testing import CliRunner

from databases import opened, url_at_head
from house import reference, typed
from osteo_pacs.cli import (
    app,
    audit,
    dataset,
    label,
    label_changes,
    model_dataset,
    model_drift,
    model_registry,
    model_shadow,
    queue,
    retention,
    selftest,
    study,
    study_reprocess,
    training,
)
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.cli.status import status_facts
from osteo_pacs.clock import utc_now
from osteo_pacs.config import Settings
from osteo_pacs.db.training_runs import KnownTraining, TrainingPlan
from osteo_pacs.doctor import Check
from osteo_pacs.log import KEYS
from osteo_pacs.selftest import Step
from osteo_pacs.status import look_round

DOCS = reference.ROOT / "docs"
READMES = [reference.ROOT / folder / "README.md" for folder in ("migrations", "monai_bundle/docs")]
PAGES = sorted([*DOCS.rglob("*.md"), *reference.ROOT.glob("*.md"), *READMES])
SAID = MagicMock(labels=())
COMMANDS = dict(reference.walk(typer.main.get_command(app)))


@pytest.mark.parametrize(
    "name", ["bad-input.md", "commands.md", "configuration.md", "exit-codes.md", "licences.md", "log-events.md"]
)
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
        ("## `retention plan`", retention.plan_facts(MagicMock(), MagicMock())),
        ("### `going`", retention.going_facts(MagicMock())),
        ("### `staying`", retention.staying_facts(MagicMock())),
        ("## `retention run`", retention.gone_facts(MagicMock(), 0)),
        (
            "## `training list`",
            training.training_facts(KnownTraining(*[MagicMock()] * 2, TrainingPlan(), *[{}] * 2, *[None] * 9)),
        ),
        ("## `model gate`", model_dataset.verdict_facts(MagicMock())),
        ("### `checks`", Check.__slots__),
        ("## `model list`", model_registry.version_facts(MagicMock(), is_shadow=False, workers=0)),
        ("### `activations`", model_registry.activation_facts(MagicMock())),
        ("### `gate`", model_registry.decision_facts(MagicMock(), {})),
        ("### `serving`", model_registry.serving_facts(MagicMock(), MagicMock())),
        ("### `shadow`", model_shadow.compared([])),
        ("## `model drift`", model_drift.drift_facts(MagicMock())),
        ("## `label list`", label.study_facts(SAID, MagicMock())),
        ("### `labels`", label.label_facts(MagicMock(is_positive=True))),
        ("### `documents`", label.document_facts(MagicMock())),
        ("## `label import`", label_changes.import_facts(MagicMock(additions=[], mistakes=[]), 0)),
        ("## `dataset list`", dataset.data_set_facts(MagicMock())),
        ("## `study reprocess`", study_reprocess.reprocessed_facts(MagicMock())),
        ("## `selftest`", selftest.selftest_facts([], "", is_kept=False)),
        ("### `steps`", selftest.step_facts(Step("sent", ok=True, detail=""))),
        ("## `audit list`", audit.event_facts(MagicMock())),
        ("## `audit verify`", audit.verdict_facts(MagicMock())),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_json_page_has_every_key(section, keys):
    assert keys_told(section) == list(keys)


def test_the_json_page_has_every_section_of_the_status(tmp_path):
    with opened(url_at_head("sqlite", tmp_path)) as database:
        facts = status_facts(look_round(Settings(), database, utc_now))
    assert keys_told("## `status`") == list(facts)


def keys_told(section):
    page = (reference.REFERENCE / "json.md").read_text(encoding="utf-8")
    table = re.split(r"\n#|\n\n(?!\|)", page.split(f"{section}\n", 1)[1].split("| key | |\n|---|---|\n", 1)[1])[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(reference.ROOT)))
def test_every_link_leads_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    files = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in files if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(reference.ROOT)))
def test_every_command_that_a_page_names_can_be_typed(page):
    for line in typed.command_lines(page.read_text(encoding="utf-8")):
        typed.parse(line)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Type `osteo-pacs queue list --state parked`, or `other`.", ["queue list --state parked"]),
        ("It is `osteo-pacs model card\nFOLDER`.", ["model card FOLDER"]),
        ("```sh\n. a && osteo-pacs queue show ID && osteo-pacs serve  # it\n```", ["queue show ID", "serve"]),
        ("```sh\npip install osteo-pacs\nosteo-pacs serve\n```", ["serve"]),
        ("`osteo-pacs [--config FILE] COMMAND`", []),
        ("```sh\n/opt/bin/osteo-pacs send \\\n  FOLDER | cat > b\n```", ["send FOLDER"]),
        ("```toml\nosteo-pacs = 1\n```", []),
    ],
)
def test_command_lines_are_found_in_prose_and_in_shell_blocks(text, lines):
    assert [" ".join(line.words) for line in typed.command_lines(text)] == lines


@pytest.mark.parametrize(
    "line",
    ["queue pause deliver", "queue lst", "serve --fast", "queue list --state done", "study show", "nothing"],
)
def test_a_command_line_that_the_program_would_refuse_is_found(line):
    [found] = typed.command_lines(f"```sh\nosteo-pacs {line}\n```")
    with pytest.raises(AssertionError, match=line):
        typed.parse(found)


@pytest.mark.parametrize("words", [(), *(words for words in COMMANDS if hasattr(COMMANDS[words], "commands"))])
def test_no_sentence_in_a_list_of_commands_is_cut(words):
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80"}).stdout
    assert [line for line in shown.splitlines() if line.endswith("...") and not line.startswith("Usage")] == []


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_usage_shows_which_arguments_may_be_repeated(words):
    for parameter in COMMANDS[words].params:
        is_repeated = parameter.param_type_name == "argument" and parameter.nargs == -1
        assert (parameter.metavar or "").endswith("...") == is_repeated, parameter.name
