"""[retention]: the marks of free space, and the states that may go."""

from __future__ import annotations

import pytest

from osteo_pacs.config import load
from osteo_pacs.errors import ConfigurationError


@pytest.fixture
def write(tmp_path):
    def write_config(text):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_config


def mistakes_in(path):
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    return str(caught.value)


def test_the_marks_of_free_space_follow_from_the_least_that_must_be_free(write):
    marks = load(write("[spool]\nmin_free_mib = 100\n")).watermarks
    assert (marks.min_free_mib, marks.low_free_mib, marks.high_free_mib) == (100, 200, 400)


def test_room_is_made_before_associations_are_rejected(write):
    path = write("[spool]\nmin_free_mib = 100\n[retention]\nlow_free_mib = 100\n")
    assert "low_free_mib = 100 is not above [spool] min_free_mib = 100" in mistakes_in(path)


def test_room_is_made_up_to_no_less_than_where_it_begins(write):
    path = write("[retention]\nlow_free_mib = 1000\nhigh_free_mib = 999\n")
    assert "high_free_mib = 999 is below low_free_mib = 1000" in mistakes_in(path)


def test_a_state_whose_studies_never_go_for_space_is_refused(write):
    assert "pressure_states" in mistakes_in(write('[retention]\npressure_states = ["queued"]\n'))
