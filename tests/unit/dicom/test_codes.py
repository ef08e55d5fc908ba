from collections import Counter

import pytest
from pydicom.sr.codedict import codes as dictionary

from osteo_pacs.dicom import codes
from osteo_pacs.dicom.codes import CodedConcept

CONCEPTS = {name: value for name, value in vars(codes).items() if isinstance(value, CodedConcept)}


@pytest.fixture(scope="module")
def standard_meanings():
    """Meanings of PS3.16 Annex D by code value."""
    concepts = (getattr(dictionary.DCM, keyword) for keyword in dictionary.DCM.dir())
    return {concept.value: concept.meaning for concept in concepts}


@pytest.mark.parametrize("name", [name for name, concept in CONCEPTS.items() if concept.scheme == "DCM"])
def test_dcm_code_has_the_meaning_of_the_standard(standard_meanings, name):
    assert CONCEPTS[name].meaning == standard_meanings[CONCEPTS[name].value]


@pytest.mark.parametrize("name", CONCEPTS)
def test_code_fits_its_attributes(name):
    concept = CONCEPTS[name]
    assert len(concept.value) <= 16
    assert len(concept.scheme) <= 16
    assert len(concept.meaning) <= 64
    assert f"{concept.value}{concept.scheme}{concept.meaning}".isascii()


def test_every_code_has_one_name():
    counted = Counter((concept.value, concept.scheme) for concept in CONCEPTS.values())
    assert [code for code, count in counted.items() if count > 1] == []


def test_probability_of_osteoporosis_has_its_own_code_however_the_class_is_spelt():
    spelt = CodedConcept("64859006", "SCT", "osteoporosis (disorder)")
    assert codes.probability_of(spelt) == codes.PROBABILITY_OF_OSTEOPOROSIS


def test_probability_of_another_class_has_another_code_of_our_scheme():
    osteopenia = CodedConcept("312894000", "SCT", "Osteopenia")
    assert codes.probability_of(osteopenia) == CodedConcept(
        "P312894000", "99OSTEOPACS", "Probability of osteopenia"
    )
