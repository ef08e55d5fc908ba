from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from osteo_pacs.deliver.push import Pushed
from osteo_pacs.demo import story
from osteo_pacs.demo.errors import DemonstrationFailed

FILES = [Path("1.dcm"), Path("2.dcm")]


@pytest.fixture
def push(monkeypatch):
    """A second for each file, and a hundred to release the association."""
    clock = SimpleNamespace(now_s=0.0)

    def set_up(*, is_stored):
        def pushing(paths, _peer, *, timeout_s):
            assert timeout_s
            for path in paths:
                clock.now_s += 1
                yield Pushed(path, is_stored=is_stored, status=0, detail="it is out of resources")
            clock.now_s += 100

        monkeypatch.setattr(story, "push", pushing)
        monkeypatch.setattr(story, "time", SimpleNamespace(perf_counter=lambda: clock.now_s))

    return set_up


def test_the_wait_for_the_report_counts_from_the_last_response(push):
    push(is_stored=True)
    watch = story._Watch(since_s=0.0)
    watch.note("send", story._send(FILES, 104))
    watch.note("report")
    assert watch.seconds == {"send": 2.0, "report": 100.0}


def test_a_study_that_the_listener_does_not_take_ends_the_demonstration(push):
    push(is_stored=False)
    with pytest.raises(DemonstrationFailed, match=r"1\.dcm: it is out of resources"):
        story._send(FILES, 104)
