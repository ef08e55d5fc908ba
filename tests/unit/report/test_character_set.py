import pytest

from osteo_pacs.report.character_set import inherited_character_set, is_known, to_utf8

LATIN_1 = b"M\xdcLLER"
UTF_8 = b"M\xc3\x9cLLER"
JAPANESE = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        (("ISO_IR 100",), LATIN_1),
        (("ISO_IR 100",), b"MILLER"),
        (("ISO_IR 192",), UTF_8),
        (("ISO_IR 192",), b"MILLER"),
        (("GB18030",), "\u738b".encode("gb18030")),
        (("", "ISO 2022 IR 87"), JAPANESE),
        (("ISO 2022 IR 6", "ISO 2022 IR 100"), LATIN_1),
        (("ISO 2022 IR 100",), LATIN_1),
    ],
)
def test_character_set_that_can_be_true_is_inherited(declared, text):
    assert inherited_character_set(declared, [text]) == declared


@pytest.mark.parametrize("declared", [(), ("",), ("ISO_IR 6",), ("LATIN1",), ("ISO_IR 100", "ISO_IR 192")])
def test_ascii_under_no_defined_term_needs_no_character_set(declared):
    assert inherited_character_set(declared, [b"MILLER", b""]) == ()


@pytest.mark.parametrize(
    ("declared", "text"),
    [((), LATIN_1), ((), UTF_8), ((), JAPANESE), (("ISO_IR 192",), LATIN_1), (("KLINGON",), UTF_8)],
)
def test_text_under_a_false_declaration_becomes_utf_8(declared, text):
    assert inherited_character_set(declared, [b"MILLER", text]) == ("ISO_IR 192",)


def test_utf_8_stays_as_it_is():
    assert to_utf8(UTF_8) == UTF_8


def test_other_text_is_taken_for_latin_1():
    assert to_utf8(LATIN_1) == UTF_8


@pytest.mark.parametrize("declared", [("ISO_IR 192", "ISO_IR 100"), ("ISO 2022 IR 87", ""), ("ISO_IR 999",)])
def test_terms_that_cannot_stand_so_are_not_known(declared):
    assert not is_known(declared)
