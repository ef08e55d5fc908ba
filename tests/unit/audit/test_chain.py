"""The hash chain: whatever is done to a row that is there, the chain breaks there or behind it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osteo_pacs.audit.chain import BEGINNING, Follower, Head, Link, link

TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
CONTENTS = st.fixed_dictionaries({"happened_at": TIMES, "actor": st.text(), "facts": PLAIN})


def chained(contents):
    links, previous = [], BEGINNING
    for position, content in enumerate(contents, start=1):
        previous = link(previous, position, content)
        links.append(Link(position, content, previous))
    return links


def followed(links):
    follower = Follower()
    follower.follow(links)
    return follower


@given(st.lists(CONTENTS, max_size=6))
def test_a_chain_holds_as_it_was_written(contents):
    links = chained(contents)
    follower = followed(links)
    assert follower.broken is None
    assert follower.head == (Head(len(links), links[-1].hash) if links else Head())


@given(st.lists(CONTENTS, min_size=1, max_size=6), st.data())
def test_a_row_that_is_changed_is_found_even_when_its_hash_is_made_anew(contents, data):
    links = chained(contents)
    place = data.draw(st.integers(0, len(links) - 1))
    other = data.draw(CONTENTS.filter(lambda content: content != contents[place]))
    changed = replace(links[place], content=other)
    assert followed([*links[:place], changed, *links[place + 1 :]]).broken.position == place + 1
    anew = replace(changed, hash=link(links[place - 1].hash if place else BEGINNING, place + 1, other))
    follower = followed([*links[:place], anew, *links[place + 1 :]])
    if place + 1 < len(links):
        assert follower.broken.position == place + 2
    else:
        # The last row leans on nothing behind it: its head must be known elsewhere.
        assert follower.head.hash != links[-1].hash


@given(st.lists(CONTENTS, min_size=2, max_size=6), st.data())
def test_a_row_that_is_taken_out_is_found(contents, data):
    links = chained(contents)
    place = data.draw(st.integers(0, len(links) - 2))
    assert followed([*links[:place], *links[place + 1 :]]).broken.position == place + 1


@given(st.lists(CONTENTS, min_size=2, max_size=6, unique_by=repr), st.data())
def test_rows_that_change_places_are_found(contents, data):
    links = chained(contents)
    place = data.draw(st.integers(0, len(links) - 2))
    links[place], links[place + 1] = (
        replace(links[place + 1], position=place + 1),
        replace(links[place], position=place + 2),
    )
    assert followed(links).broken.position == place + 1


def test_rows_may_come_in_parts():
    links, follower = chained([{"actor": str(number)} for number in range(5)]), Follower()
    follower.follow(links[:2])
    follower.follow(links[2:])
    assert follower.head == Head(5, links[-1].hash)


def test_the_hash_is_what_the_documentation_says():
    content = {"happened_at": datetime(2026, 3, 1, 12, tzinfo=UTC), "actor": "é"}
    told = (
        '{"actor": "\\u00e9", "happened_at": "2026-03-01T12:00:00.000000+00:00", '
        f'"position": 1, "previous": "{BEGINNING}"}}'
    )
    assert link(BEGINNING, 1, content) == hashlib.sha256(told.encode()).hexdigest()


def test_a_time_counts_not_its_zone():
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    elsewhere = at.astimezone(timezone(timedelta(hours=5)))
    assert link(BEGINNING, 1, {"at": at}) == link(BEGINNING, 1, {"at": elsewhere})


def test_what_is_no_plain_value_is_refused():
    with pytest.raises(TypeError):
        link(BEGINNING, 1, {"facts": {1, 2}})
