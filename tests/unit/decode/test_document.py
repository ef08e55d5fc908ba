"""Documents that are damaged, endless or no documents: a reason, never the end of anything else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydicom import Dataset

from osteo_pacs.decode import Undecodable
from osteo_pacs.decode.answers import parse_date_time
from osteo_pacs.decode.document import DEEPEST, MOST_ITEMS
from reader_documents import scanner_report
from sr_gate.sources import ge


def item(value_type="TEXT"):
    ds = Dataset()
    ds.ValueType = value_type
    return ds


def nested(depth):
    ds = item()
    for _ in range(depth):
        outer = item("CONTAINER")
        outer.ContentSequence = [ds]
        ds = outer
    return ds


@pytest.fixture
def read(decoder, tmp_path):
    def read_one(ds):
        ds.save_as(tmp_path / "document.dcm", enforce_file_format=True)
        return decoder.document(tmp_path / "document.dcm")

    return read_one


@pytest.mark.parametrize("content", [[nested(DEEPEST + 2)], [item()] * (MOST_ITEMS + 1)], ids=["deep", "long"])
def test_a_tree_beyond_all_bounds_is_refused_and_the_next_document_is_read(read, content):
    ds = scanner_report(ge(), {})
    ds.ContentSequence = content
    refused = read(ds)
    assert isinstance(refused, Undecodable)
    assert "the document has more than" in refused.detail
    assert read(scanner_report(ge(), {"L1-L4": (("x", "99Y", "T-score"), -3.0)})).items[1].number == -3.0


def test_a_file_that_is_none_is_refused(decoder, tmp_path):
    (tmp_path / "no.dcm").write_bytes(b"nothing")
    assert isinstance(decoder.document(tmp_path / "no.dcm"), Undecodable)


def test_an_image_has_no_items(read):
    assert read(scanner_report(ge(), {})).items == ()


@pytest.mark.parametrize(
    ("text", "offset", "at"),
    [
        ("20260201083000", "+0000", datetime(2026, 2, 1, 8, 30, tzinfo=UTC)),
        ("20260201083000.500+0100", "", datetime(2026, 2, 1, 7, 30, tzinfo=UTC)),
        ("20260201083000-0500", "+0100", datetime(2026, 2, 1, 13, 30, tzinfo=UTC)),
        ("202602010830", "+0000", datetime(2026, 2, 1, 8, 30, tzinfo=UTC)),
        ("20261301", "+0000", None),
        ("", "+0000", None),
        ("soon", "", None),
    ],
)
def test_times_are_read_with_their_zone(text, offset, at):
    assert parse_date_time(text, offset) == at
