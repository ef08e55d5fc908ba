"""What a report says in words: plain English, in ASCII, for the radiologist who reads it in a viewer.

Never a T-score, a bone mineral density or a diagnosis; always that no physician has verified it.
"""

from __future__ import annotations

import unicodedata
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from osteo_pacs.findings import Finding, ModelVersion, Outcome, Reading, Refusal, StudyResult

UNVERIFIED = "AI output, not verified by a physician; not a BMD or T-score measurement."
AGE_UNKNOWN = "Patient age unknown: the result holds for postmenopausal women and men of 50 years and more only."
NO_STATEMENT = "No statement about bone status is made."
DEMONSTRATION = "DEMONSTRATION MODEL: trained on simulated images, not for clinical use."

LEAST = 0.001
"""Probability below which, and distance from 1 within which, a figure would read as certain."""

_OUTCOME_WORDS = {
    Outcome.POSITIVE: "POSITIVE",
    Outcome.NEGATIVE: "NEGATIVE",
    Outcome.REFUSED: "NOT EVALUATED",
}


def ascii_text(text: str) -> str:
    """The text in printable ASCII on one line, whatever character set its document will have.

    A backslash would be read as the separator of values, or as a yen sign (PS3.5 6.1.2.3).
    """
    letters = (char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    plain = "".join(letters).encode("ascii", "replace").decode().replace("\\", "/")
    return " ".join("".join(char if char.isprintable() else " " for char in plain).split())


def percent(probability: float, *, is_positive: bool) -> str:
    """The probability in percent with one decimal, rounded away from the threshold so that it never crosses it."""
    rounding = ROUND_CEILING if is_positive else ROUND_FLOOR
    return str((Decimal(str(probability)) * 100).quantize(Decimal("0.1"), rounding))


def percent_in_words(probability: float, *, is_positive: bool) -> str:
    """The probability in percent, never as a certainty: ``4.2 %``, ``below 0.1 %`` or ``above 99.9 %``."""
    if probability < LEAST:
        return "below 0.1 %"
    if probability > 1 - LEAST:
        return "above 99.9 %"
    return f"{percent(probability, is_positive=is_positive)} %"


def threshold_percent(model: ModelVersion) -> str:
    """The operating point in percent, with all its decimals."""
    return f"{(Decimal(str(model.threshold)) * 100).normalize():f}"


def for_reading(reading: Reading, model: ModelVersion) -> str:
    """The comment on one image."""
    match reading:
        case Finding():
            parts = [f"AI: {', '.join(verdict(reading, model))}.", UNVERIFIED]
            if reading.age_is_unknown:
                parts.append(AGE_UNKNOWN)
        case Refusal():
            parts = [f"AI: NOT EVALUATED - {_sentence(reading)}", NO_STATEMENT]
    return " ".join([*parts, *_demonstration(model)])


def for_study(result: StudyResult) -> str:
    """The conclusion on the study; that of its one image where there is one only."""
    model = result.model
    if len(result.readings) == 1:
        return for_reading(result.readings[0], model)
    if result.leading is None:
        return " ".join(
            [
                f"AI: NOT EVALUATED - none of {len(result.refusals)} images could be read.",
                NO_STATEMENT,
                *_demonstration(model),
            ]
        )
    leading = ", ".join(verdict(result.leading, model, of_several=True))
    parts = [f"AI: {leading}; {_count(result)}.", UNVERIFIED]
    if any(finding.age_is_unknown for finding in result.findings):
        parts.append(AGE_UNKNOWN)
    return " ".join([*parts, *_demonstration(model)])


def verdict(finding: Finding, model: ModelVersion, *, of_several: bool = False) -> tuple[str, str]:
    """What was found, and with which probability beside which threshold."""
    name = ascii_text(model.positive_class.meaning)
    probability = "highest probability" if of_several else "probability"
    stated = percent_in_words(finding.probability, is_positive=finding.is_positive)
    figures = f"{stated} (threshold {threshold_percent(model)} %)"
    if finding.is_positive:
        return f"appearance consistent with {name.upper()}", f"{probability} {figures}"
    return f"NO {name.lower()} detected", f"{probability} of {name.lower()} {figures}"


def series_description(outcome: Outcome, model: ModelVersion, form: str = "") -> str:
    """Outcome first, because viewers cut after about 20 characters; at most 64 (PS3.3 C.7.3.1).

    ``form`` tells the text and the picture from the report itself.
    """
    subject = f"{ascii_text(model.positive_class.meaning).lower()} DXA"
    ending = f", {form} (unverified)" if form else " (unverified)"
    start = f"AI {_OUTCOME_WORDS[outcome]} {subject}"
    return start[: 64 - len(ending)] + ending


def _count(result: StudyResult) -> str:
    positive = sum(finding.is_positive for finding in result.findings)
    counted = f"positive on {positive} of {len(result.findings)} images read"
    refused = len(result.refusals)
    return f"{counted}, {refused} not evaluated" if refused else counted


def _sentence(refusal: Refusal) -> str:
    sentence = ascii_text(refusal.sentence)
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _demonstration(model: ModelVersion) -> list[str]:
    return [DEMONSTRATION] if model.is_demonstration else []
