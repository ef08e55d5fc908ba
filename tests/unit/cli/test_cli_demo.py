from __future__ import annotations

from osteo_pacs.cli.exit_codes import ExitCode


def test_a_demonstration_removes_nothing_of_someone_else_s(run, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis").write_text("mine")
    result = run("demo", "--folder", "home")
    assert result.exit_code == ExitCode.FAILED
    assert "holds something else" in result.stderr
    assert "--folder" in result.stderr
    assert (tmp_path / "home/thesis").read_text() == "mine"
