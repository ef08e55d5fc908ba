import uuid

from osteo_pacs.dicom.uids import derive_uid


def test_same_parts_give_the_same_uid():
    assert derive_uid("study", "1") == derive_uid("study", "1")


def test_parts_are_told_apart_by_where_they_end():
    assert len({derive_uid("ab", "c"), derive_uid("a", "bc"), derive_uid("abc")}) == 3


def test_uid_is_a_version_8_uuid_under_the_2_25_root():
    root, number = derive_uid("study").rsplit(".", 1)
    derived = uuid.UUID(int=int(number))
    assert root == "2.25"
    assert derived.variant == uuid.RFC_4122
    assert derived.version == 8
