from __future__ import annotations

import pytest

from osteo_pacs.config import load


@pytest.fixture
def settings(tmp_path):
    """Settings of a configuration file with these lines."""

    def settings_of(lines=""):
        path = tmp_path / "config.toml"
        path.write_text(lines, encoding="utf-8")
        return load(path)

    return settings_of
