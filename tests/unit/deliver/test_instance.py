from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.uid import (
    ComprehensiveSRStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from osteo_pacs.deliver.instance import Instance, NotSendable
from peers.documents import part10


def test_instance_is_named_by_its_file_meta_information():
    instance = Instance.from_part10(part10(sop_instance_uid="1.2.3"))
    assert instance.sop_class_uid == ComprehensiveSRStorage
    assert instance.sop_instance_uid == "1.2.3"
    assert instance.transfer_syntax_uid == ExplicitVRLittleEndian


def test_data_set_is_the_bytes_after_the_file_meta_information():
    content = part10(comment="words")
    data_set = Instance.from_part10(content).data_set
    assert content.endswith(data_set)
    # (0008,0016) SOP Class UID, the first element of the Data Set
    assert data_set.startswith(b"\x08\x00\x16\x00UI")


def test_data_set_is_sent_as_it_is_stored_in_its_own_syntax():
    instance = Instance.from_part10(part10())
    assert instance.encoded_in(ExplicitVRLittleEndian) is instance.data_set


def test_data_set_turns_into_implicit_vr_without_a_change_of_value():
    content = part10()
    encoded = Instance.from_part10(content).encoded_in(ImplicitVRLittleEndian)
    ds = dcmread(BytesIO(encoded), force=True)
    assert ds.is_implicit_VR
    assert [element.value for element in ds] == [element.value for element in dcmread(BytesIO(content))]


def test_compressed_syntax_is_no_target():
    with pytest.raises(NotSendable):
        Instance.from_part10(part10()).encoded_in(JPEGBaseline8Bit)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 200,
        part10()[:140],
        part10()[132:],
        part10().replace(b"\x02\x00\x00\x00UL", b"\x02\x00\x01\x00UL"),
        part10().replace(b"\x02\x00\x10\x00UI", b"\x02\x00\x11\x00UI"),
    ],
)
def test_what_is_no_part_10_file_is_not_sendable(content):
    with pytest.raises(NotSendable):
        Instance.from_part10(content)
