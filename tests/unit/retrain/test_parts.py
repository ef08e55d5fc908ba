"""No patient is ever in two parts, nor leaves the locked test set."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from osteo_pacs.retrain.data_set.parts import Part, place

NAMES = st.integers(0, 40).map(lambda number: f"p{number:02d}")


def fraction(kind, name):
    return int(hashlib.sha256(f"{kind} {name}".encode()).hexdigest()[:8], 16) / 2**32


def is_positive(name):
    return fraction("class", name) < 0.3


def placed(groups, known=None, **changes):
    recipe = {"test_share": 0.3, "folds": 3} | changes
    return place([frozenset(group) for group in groups], known or {}, is_positive, fraction, **recipe)


@st.composite
def partitions(draw):
    """Patients in groups, each in one."""
    names = draw(st.lists(NAMES, unique=True, max_size=30))
    groups: list[list[str]] = []
    for name in names:
        place_ = draw(st.integers(0, len(groups)))
        if place_ == len(groups):
            groups.append([])
        groups[place_].append(name)
    return groups


def sides(placement):
    return {part: {name for name, at in placement.places.items() if at.part is part} for part in Part}


@given(partitions(), st.dictionaries(NAMES, st.booleans()))
def test_everyone_has_one_place_or_is_left_out_and_groups_stay_on_one_side(groups, known):
    found = placed(groups, known)
    everyone = {name for group in groups for name in group}
    assert found.places.keys() | found.left_out == everyone
    assert not found.places.keys() & found.left_out
    for group in groups:
        assert len({found.places[name] for name in group if name in found.places}) <= 1


@given(partitions(), st.dictionaries(NAMES, st.booleans()))
def test_who_was_for_testing_is_never_learned_from_and_the_other_way_round(groups, known):
    found = placed(groups, known)
    for name, at in found.places.items():
        if name in known:
            assert (at.part is Part.TEST) == known[name]


@given(st.lists(partitions(), max_size=4))
def test_over_any_sequence_of_data_sets_nobody_changes_sides(history):
    known: dict[str, bool] = {}
    ever = {True: set(), False: set()}
    for groups in history:
        found = placed(groups, known)
        known |= found.sides
        for name, is_test in found.sides.items():
            ever[is_test].add(name)
    assert not ever[True] & ever[False]


@given(partitions(), st.dictionaries(NAMES, st.booleans()), st.randoms())
def test_the_order_in_which_groups_are_told_does_not_count(groups, known, random):
    shuffled = list(groups)
    random.shuffle(shuffled)
    assert placed(shuffled, known) == placed(groups, known)


def test_the_share_of_the_test_set_stays():
    found = placed([[f"p{number}"] for number in range(2000)])
    assert abs(len(sides(found)[Part.TEST]) / 2000 - 0.3) < 0.03


def test_folds_are_alike_in_size_and_in_their_share_of_positives():
    found = placed([[f"p{number}"] for number in range(300)])
    folds = [[name for name, at in found.places.items() if at.fold == fold] for fold in range(3)]
    assert max(map(len, folds)) - min(map(len, folds)) <= 2
    positives = [sum(map(is_positive, fold)) for fold in folds]
    assert max(positives) - min(positives) <= 1


def test_who_shares_a_picture_with_the_locked_test_set_is_left_out():
    found = placed([["old", "new"]], {"old": True})
    assert (found.left_out, found.places.keys()) == ({"new"}, {"old"})
