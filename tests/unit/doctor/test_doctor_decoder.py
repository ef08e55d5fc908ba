from __future__ import annotations

import hashlib
import json

from osteo_pacs.decode import Confinement
from osteo_pacs.doctor import decoder
from osteo_pacs.doctor.check import examine


def test_the_decoding_process_starts_within_its_bounds(settings):
    [examination] = decoder.examinations(settings("[worker]\ndecode_memory_mib = 700\n"))
    check = examine(examination)
    assert check.ok, check
    assert "within 700 MiB" in check.detail
    assert "without sockets" in check.detail


def test_a_process_that_does_not_start_is_told(settings, tmp_path):
    rendering = b"raise SystemExit"
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "rendering.py").write_bytes(rendering)
    digests = {"scripts/rendering.py": hashlib.sha256(rendering).hexdigest()}
    (tmp_path / "manifest.json").write_text(json.dumps({"files": digests}))
    [examination] = decoder.examinations(settings(f'[model]\nbundle = "{tmp_path}"\n'))
    check = examine(examination)
    assert not check.ok
    assert "The decoding process does not start" in check.detail


def test_a_system_that_takes_no_filter_is_told():
    check = decoder.judge(Confinement(has_left_network=True, has_call_filter=False), 1024)
    assert not check.ok
    assert "seccomp" in check.remedy


def test_a_network_of_its_own_is_said_where_there_is_one():
    checks = [
        decoder.judge(Confinement(has_left_network=left, has_call_filter=True), 1024) for left in (True, False)
    ]
    assert [("network of its own" in check.detail, check.ok) for check in checks] == [(True, True), (False, True)]
