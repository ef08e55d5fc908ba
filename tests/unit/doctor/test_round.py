from __future__ import annotations

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
        "configuration", "versions", "database", "migration", "spool space", "spool rights",
        "configuration rights", "database rights", "bundle rights", "decoder", "bundle", "device", "prediction",
        "listener", "destination one", "destination two",
    ]  # fmt: skip
    assert seen == names[1:]


def test_a_configuration_that_reads_nothing_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor_round, "_examinations", lambda _settings, _config: iter(()))
    config = tmp_path / "config.toml"
    config.write_text("")
    first, _ = doctor.make_round(config)
    assert not first.ok
    assert "nothing is read" in first.detail
    assert "config init" in first.remedy
