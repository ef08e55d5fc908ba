import pytest

from osteo_pacs.deliver.deadline import Deadline


def test_a_deadline_in_the_future_has_seconds_left():
    assert 9 < Deadline.after(10).remaining_s() <= 10


def test_a_passed_deadline_raises():
    with pytest.raises(TimeoutError):
        Deadline.after(0).remaining_s()


def test_the_earlier_of_two_deadlines_counts():
    assert Deadline.after(10).at_most(1).remaining_s() <= 1
    assert Deadline.after(1).at_most(10).remaining_s() <= 1
