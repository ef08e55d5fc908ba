"""The age floor rests on this reading."""

import pytest
from pydicom import Dataset
from pydicom.config import disable_value_validation

from osteo_pacs.dicom.age import age_years


def header(**attributes):
    ds = Dataset()
    with disable_value_validation():
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
    return ds


@pytest.mark.parametrize(
    ("attributes", "years"),
    [
        ({"PatientAge": "067Y"}, 67),
        ({"PatientAge": "018M"}, 1.5),
        ({"PatientBirthDate": "19520314", "StudyDate": "20220314"}, 70),
        ({"PatientAge": "", "PatientBirthDate": "19520314", "StudyDate": "20220314"}, 70),
    ],
)
def test_age_comes_from_the_age_or_else_from_the_dates(attributes, years):
    assert age_years(header(**attributes)) == pytest.approx(years, abs=0.01)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"PatientAge": "999Y"},
        {"PatientBirthDate": "19520314"},
        {"PatientBirthDate": "20300101", "StudyDate": "20220101"},
        {"PatientBirthDate": "00000000", "StudyDate": "20220101"},
    ],
)
def test_a_filled_in_nonsense_age_is_unknown(attributes):
    assert age_years(header(**attributes)) is None
