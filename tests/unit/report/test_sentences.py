from dataclasses import replace

import pytest

from osteo_pacs.dicom.codes import CodedConcept
from osteo_pacs.findings import Outcome, StudyResult
from osteo_pacs.report import sentences
from sr_gate import sources
from sr_gate.results import MODEL, clinical, finding, refusal

DS = sources.plain()


def study(*readings, model=MODEL):
    return StudyResult(sources.STUDY, model, readings)


def test_positive_sentence_says_probability_threshold_and_that_nobody_verified_it():
    assert sentences.for_reading(finding(DS, 0.87), clinical()) == (
        "AI: appearance consistent with OSTEOPOROSIS, probability 87.0 % (threshold 42 %). "
        "AI output, not verified by a physician; not a BMD or T-score measurement."
    )


def test_negative_sentence_says_of_what_it_is_the_probability():
    assert sentences.for_reading(finding(DS, 0.08), clinical()).startswith(
        "AI: NO osteoporosis detected, probability of osteoporosis 8.0 % (threshold 42 %). "
    )


@pytest.mark.parametrize(
    ("probability", "stated"),
    [
        (0.0, "below 0.1 %"),
        (0.0009, "below 0.1 %"),
        (0.001, "0.1 %"),
        (0.9991, "above 99.9 %"),
        (1.0, "above 99.9 %"),
    ],
)
def test_no_probability_reads_as_certain(probability, stated):
    found = finding(DS, probability)
    assert f" {stated} (threshold" in sentences.for_reading(found, clinical())


def test_refusal_says_why_and_that_nothing_is_said_of_the_bone():
    assert sentences.for_reading(refusal(DS), clinical()) == (
        "AI: NOT EVALUATED - The lumbar vertebrae L1 to L4 were not recognised. "
        "No statement about bone status is made."
    )


def test_refusal_without_a_full_stop_gets_one():
    refused = replace(refusal(DS), sentence="the image is empty")
    assert "the image is empty. No statement" in sentences.for_reading(refused, clinical())


@pytest.mark.parametrize("reading", [finding(DS, 0.87), finding(DS, 0.08), refusal(DS)])
def test_demonstration_model_warns_in_every_sentence(reading):
    warning = "trained on simulated images, not for clinical use"
    assert warning in sentences.for_reading(reading, MODEL)
    assert warning not in sentences.for_reading(reading, clinical())


def test_unknown_age_is_said():
    unknown, known = finding(DS, 0.87, age_is_unknown=True), finding(DS, 0.87)
    assert "age unknown" in sentences.for_reading(unknown, MODEL)
    assert "age unknown" in sentences.for_study(study(unknown, known))
    assert "age unknown" not in sentences.for_study(study(known, known))


def test_conclusion_on_one_image_is_its_comment():
    assert sentences.for_study(study(refusal(DS))) == sentences.for_reading(refusal(DS), MODEL)


def test_conclusion_on_several_images_takes_the_highest_probability_and_counts():
    conclusion = sentences.for_study(study(finding(DS, 0.2), finding(DS, 0.87), refusal(DS)))
    assert conclusion.startswith(
        "AI: appearance consistent with OSTEOPOROSIS, highest probability 87.0 % (threshold 42 %); "
        "positive on 1 of 2 images read, 1 not evaluated. "
    )


def test_conclusion_on_several_refusals_says_that_none_could_be_read():
    conclusion = sentences.for_study(study(refusal(DS), refusal(DS), model=clinical()))
    assert conclusion == (
        "AI: NOT EVALUATED - none of 2 images could be read. No statement about bone status is made."
    )


@pytest.mark.parametrize(
    ("probability", "is_positive", "shown"),
    [
        (0.42, True, "42.0"),
        (0.41999, False, "41.9"),
        (0.4201, True, "42.1"),
        (0.57, False, "57.0"),
        (1.0, True, "100.0"),
        (0.0, False, "0.0"),
        (1e-7, False, "0.0"),
    ],
)
def test_rounding_never_carries_a_probability_over_the_threshold(probability, is_positive, shown):
    assert sentences.percent(probability, is_positive=is_positive) == shown


@pytest.mark.parametrize(
    ("threshold", "shown"), [(0.42, "42"), (0.5, "50"), (0.4237, "42.37"), (1.0, "100"), (0.0, "0")]
)
def test_threshold_is_shown_with_all_its_decimals(threshold, shown):
    assert sentences.threshold_percent(replace(MODEL, threshold=threshold)) == shown


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("M\u00fcller & S\u00f8n", "Muller & S?n"),
        ("C:\\models\\v1", "C:/models/v1"),
        ("two\r\nlines\ttabbed ", "two lines tabbed"),
        ("\u5c71\u7530", "??"),
    ],
)
def test_own_text_is_printable_ascii_on_one_line(text, plain):
    assert sentences.ascii_text(text) == plain


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("form", ["", "text", "picture"])
def test_series_description_has_the_outcome_where_viewers_cut(outcome, form):
    description = sentences.series_description(outcome, MODEL, form)
    assert description[:20].startswith(("AI POSITIVE", "AI NEGATIVE", "AI NOT EVALUATED"))
    assert description.endswith("(unverified)")
    assert len(description) <= 64


def test_series_description_of_a_long_class_still_says_unverified():
    model = replace(MODEL, positive_class=CodedConcept("1", "SCT", "Osteoporosis " * 8))
    description = sentences.series_description(Outcome.REFUSED, model, "text")
    assert description.endswith(", text (unverified)")
    assert len(description) == 64
