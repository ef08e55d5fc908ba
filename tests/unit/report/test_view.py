import pytest

from osteo_pacs.report import DocumentKind, reader_view
from sr_gate import sources
from sr_gate.cases import CASES
from sr_gate.results import PLAIN, SR


def view(case, kind=SR):
    return reader_view(CASES[case]()[kind].content)


def test_view_of_a_measurement_report_begins_with_the_outcome():
    lines = view("positive").splitlines()
    assert lines[0] == "AI POSITIVE osteoporosis DXA (unverified)"
    assert lines[1] == (
        "Comprehensive 3D SR Storage, COMPLETE, UNVERIFIED, PRELIMINARY, written 2026-11-23 03:40:50"
    )


def test_view_shows_answer_region_image_and_model():
    text = view("positive")
    for line in (
        "Osteoporosis: Present",
        "Probability of osteoporosis: 87.0 %",
        "Image Region: columns 95 to 225, rows 40 to 340",
        f"Source: {sources.IMAGE}",
        "Comment: AI: appearance consistent with OSTEOPOROSIS",
        "Algorithm Name: osteo_pacs spine DXA classifier",
        "Algorithm Parameters: decision threshold=0.42",
    ):
        assert line in text


def test_view_names_the_model_once_for_several_images():
    assert view("mixed").count("Algorithm Name:") == 1


def test_view_of_several_images_shows_each():
    text = view("mixed")
    assert text.index("Conclusion:") < text.index("image 1") < text.index("image 2")
    assert text.count("Measurement Group") == 2


def test_view_of_the_text_twin_shows_its_lines():
    text = view("refused", DocumentKind.TEXT_SR)
    assert "Osteoporosis: NOT EVALUATED" in text
    assert "Algorithm Name: osteo_pacs spine DXA classifier 1.0.0" in text


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("case", ["positive", "with request", "name japanese"])
def test_view_shows_no_identity(case, kind):
    text = view(case, kind)
    for identity in ("PHANTOM", "Yamada", "REFERRER", "A2024-0042", "19520314"):
        assert identity not in text


@pytest.mark.parametrize("case", CASES)
def test_view_fits_a_terminal(case):
    assert max(map(len, view(case).splitlines())) <= 110
