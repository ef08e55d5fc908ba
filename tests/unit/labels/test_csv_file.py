"""Labels in a file, as hospitals write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteo_pacs.labels.csv_file import Line, as_csv, read_labels
from osteo_pacs.labels.effective import Says

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = datetime(2026, 2, 1, tzinfo=UTC)


def lines(text, encoding="utf-8"):
    found, mistakes = read_labels(text.encode(encoding), NOW)
    assert mistakes == []
    return found


def mistakes(content):
    _, found = read_labels(content if isinstance(content, bytes) else content.encode(), NOW)
    return [(mistake.number, mistake.sentence) for mistake in found]


@pytest.mark.parametrize("delimiter", list(",;\t|"))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_any_delimiter_and_a_byte_order_mark_are_read(delimiter, encoding):
    text = "Study,Label,Reader,Date\r\nA1,Positive,r1,2026-02-01\r\n".replace(",", delimiter)
    assert lines(text, encoding) == [Line(2, "A1", Says.POSITIVE, "r1", DAY)]


def test_columns_stand_in_any_order_and_others_are_passed_over():
    text = 'date,note,label,Accession Number\n2026-02-01,"a, b",0,A1\n\n2026-02-01,,exclude,A2\n'
    assert [(line.number, line.study, line.says) for line in lines(text)] == [
        (2, "A1", Says.NEGATIVE),
        (4, "A2", Says.EXCLUDE),
    ]


def test_every_mistake_is_told_at_once_with_its_line():
    text = "study,label,date\n,maybe,yesterday\nA1,positive\nA2,positive,2027-01-01\nA3,positive,2026-01-01\n"
    found = mistakes(text)
    assert [number for number, _ in found] == [2, 2, 2, 3, 4]
    assert "positive, negative, exclude" in found[1][1]
    assert "2026-03-01" in found[2][1]


def test_no_mistake_quotes_what_a_line_holds():
    name = "DOE^JANE"
    assert name not in str(mistakes(f"study,label,date\n{name},{name},{name}\n{name}\n"))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("label,date", "names the study"),
        ("study,accession_number,label,date", "names the study"),
        ("study,date", "needs the column label"),
        ("study,label", "needs the column date"),
        ("study,label,label,date", "twice"),
        ("", "names the study"),
    ],
)
def test_a_header_that_does_not_fit_is_said(header, said):
    [(number, sentence)] = mistakes(f"{header}\nA1,positive,2026-01-01\n" if header else "")
    assert number == 1
    assert said in sentence


def test_another_encoding_is_said_with_its_line():
    assert mistakes("study,label,date\nA1,positive,2026-01-01\n\xe4".encode("latin-1")) == [
        (3, "is not UTF-8; save the file as CSV UTF-8")
    ]


def test_a_reader_who_contradicts_himself_is_found():
    text = (
        "study,label,reader,date\nA1,positive,r,2026-01-01\nA1,negative,r,2026-01-01\nA1,negative,s,2026-01-01\n"
    )
    assert mistakes(text) == [(3, "contradicts line 2; keep one of them")]


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_lines_or_mistakes(content):
    found, wrong = read_labels(content, NOW)
    assert all(line.says in Says for line in found)
    assert all(mistake.sentence for mistake in wrong)


@given(
    st.lists(
        st.tuples(st.from_regex(r"[0-9]{1,9}", fullmatch=True), st.sampled_from(Says)), unique_by=lambda x: x[0]
    )
)
def test_what_is_written_is_read_again(said):
    text = as_csv((study, says, 'r;1, "x"', DAY, "csv") for study, says in said)
    assert [(line.study, line.says, line.reader, line.labelled_at) for line in lines(text)] == [
        (study, says, 'r;1, "x"', DAY) for study, says in said
    ]
