from __future__ import annotations

import json

import pytest

from osteo_pacs import doctor
from osteo_pacs.cli.exit_codes import ExitCode
from osteo_pacs.doctor import Check

GOOD = Check("database", ok=True, detail="it answers")
BAD = Check("spool space", ok=False, detail="3 MiB free", remedy="Make room there.")


@pytest.fixture
def found(monkeypatch):
    """What the doctor finds."""
    checks = []
    monkeypatch.setattr(doctor, "make_round", lambda _config: iter(checks))
    return checks


def test_when_all_is_well_the_exit_code_is_0(run, found):
    found += [GOOD]
    result = run("doctor")
    assert result.exit_code == ExitCode.OK
    assert result.stdout.splitlines() == ["ok      database: it answers", "", "All 1 checks passed."]


def test_a_failing_check_is_told_with_its_remedy_and_the_exit_code_is_1(run, found):
    found += [GOOD, BAD]
    result = run("doctor")
    assert result.exit_code == ExitCode.FAILED
    assert result.stdout.splitlines()[1:3] == ["FAILED  spool space: 3 MiB free", "        Make room there."]
    assert "1 of 2 checks failed." in result.stdout


def test_json_has_the_fixed_keys(run, found):
    found += [GOOD, BAD]
    result = run("doctor", "--json")
    assert result.exit_code == ExitCode.FAILED
    assert json.loads(result.stdout) == {
        "ok": False,
        "checks": [
            {"name": "database", "ok": True, "detail": "it answers", "remedy": ""},
            {"name": "spool space", "ok": False, "detail": "3 MiB free", "remedy": "Make room there."},
        ],
    }


def test_without_a_configuration_that_is_what_the_doctor_says(run, tmp_path):
    (tmp_path / "config.toml").write_text("[listener]\nprot = 1\n")
    result = run("doctor", "--json")
    assert result.exit_code == ExitCode.FAILED
    configuration, versions = json.loads(result.stdout)["checks"]
    assert configuration["name"] == "configuration"
    assert "did you mean port?" in configuration["detail"]
    assert configuration["remedy"]
    assert (versions["name"], versions["ok"]) == ("versions", True)
