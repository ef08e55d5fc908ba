from __future__ import annotations

import pytest

from osteo_pacs import doctor
from osteo_pacs.doctor import round as doctor_round
from osteo_pacs.doctor.check import Examination, passed

RULE = '[[selection.rules]]\nname = "all"\nread = true\nreason = "all"\n'


def test_the_round_looks_at_everything_in_order(tmp_path, monkeypatch):
    seen = []

    def note(examination: Examination):
        seen.append(examination.name)
        return passed(examination.name, "")

    monkeypatch.setattr(doctor_round, "examine", note)
    config = tmp_path / "config.toml"
    config.write_text(
        RULE
        + "".join(
            f'[[destinations]]\nname = "{n}"\nhost = "h"\nport = 1\nae_title = "P"\n' for n in ("one", "two")
        )
    )
    names = [check.name for check in doctor.make_round(config)]
    assert names == [
        "configuration", "versions", "database", "database version", "migration", "spool space", "spool rights",
        "configuration rights", "database rights", "bundle rights", "decoder", "bundle", "device", "prediction",
        "listener", "destination one", "destination two",
    ]  # fmt: skip
    assert seen == names[1:]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("[selection]\nrules = []\n", "nothing is read"),
        (RULE.replace('"all"\n', '"{Nope}"\n'), "'Nope' is no keyword of PS3.6"),
        ('[model]\nbundle = "nowhere"\n', "there is no such folder"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_told_and_the_round_goes_on(tmp_path, monkeypatch, text, detail):
    goes_on = Examination("spool", lambda: passed("spool", ""))
    monkeypatch.setattr(doctor_round, "_examinations", lambda _settings, _config: iter([goes_on]))
    config = tmp_path / "config.toml"
    config.write_text(text)
    first, _, after = doctor.make_round(config)
    assert not first.ok
    assert detail in first.detail
    assert first.remedy
    assert after.ok
