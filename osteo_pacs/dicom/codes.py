"""The coded concepts that reports are written in, by name (PS3.3 section 8, PS3.16).

SNOMED CT is written with the designator SCT, UCUM for units, RadLex for the suitability of an image; what no
public scheme has stands in our own, 99OSTEOPACS, which every report declares.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodedConcept:
    """A code with its scheme and meaning (PS3.3 section 8)."""

    value: str
    scheme: str
    meaning: str


OUR_SCHEME = "99OSTEOPACS"
OUR_SCHEME_NAME = "osteo_pacs local codes"
OUR_SCHEME_OWNER = "osteo_pacs project"


def _dcm(value: str, meaning: str) -> CodedConcept:
    return CodedConcept(value, "DCM", meaning)


def _sct(value: str, meaning: str) -> CodedConcept:
    return CodedConcept(value, "SCT", meaning)


# Titles and sections: TID 1500 and TID 2000.
IMAGING_MEASUREMENT_REPORT = _dcm("126000", "Imaging Measurement Report")
IMAGE_LIBRARY = _dcm("111028", "Image Library")
IMAGE_LIBRARY_GROUP = _dcm("126200", "Image Library Group")
QUALITATIVE_EVALUATIONS = CodedConcept("C0034375", "UMLS", "Qualitative Evaluations")
IMAGING_MEASUREMENTS = _dcm("126010", "Imaging Measurements")
MEASUREMENT_GROUP = _dcm("125007", "Measurement Group")
DIAGNOSTIC_IMAGING_REPORT = CodedConcept("18748-4", "LN", "Diagnostic Imaging Report")
CONCLUSIONS_SECTION = CodedConcept("55110-1", "LN", "Conclusions")
FINDINGS_SECTION = CodedConcept("59776-5", "LN", "Findings")

# Language: TID 1204.
LANGUAGE = _dcm("121049", "Language of Content Item and Descendants")
ENGLISH = CodedConcept("en-US", "RFC5646", "English (United States)")

# Who observed what: TID 1001, 1004.
OBSERVER_TYPE = _dcm("121005", "Observer Type")
DEVICE = _dcm("121007", "Device")
DEVICE_OBSERVER_UID = _dcm("121012", "Device Observer UID")
DEVICE_OBSERVER_NAME = _dcm("121013", "Device Observer Name")
DEVICE_OBSERVER_MANUFACTURER = _dcm("121014", "Device Observer Manufacturer")
DEVICE_OBSERVER_MODEL_NAME = _dcm("121015", "Device Observer Model Name")
DEVICE_OBSERVER_SERIAL_NUMBER = _dcm("121016", "Device Observer Serial Number")
PROCEDURE_REPORTED = _dcm("121058", "Procedure reported")
DUAL_ENERGY_XRAY_ABSORPTIOMETRY = _sct("241686001", "Dual energy X-Ray absorptiometry")

# The image and where in it was looked: TID 1600, 1410.
SOURCE = _sct("260753009", "Source")
MODALITY = _dcm("121139", "Modality")
BONE_MINERAL_DENSITOMETRY = _dcm("BMD", "Bone Mineral Densitometry")
PIXEL_DATA_ROWS = _dcm("110910", "Pixel Data Rows")
PIXEL_DATA_COLUMNS = _dcm("110911", "Pixel Data Columns")
IMAGE_REGION = _dcm("111030", "Image Region")
VISUAL_EXPLANATION = _dcm("130401", "Visual explanation")

# The algorithm: TID 4019.
ALGORITHM_NAME = _dcm("111001", "Algorithm Name")
ALGORITHM_VERSION = _dcm("111003", "Algorithm Version")
ALGORITHM_PARAMETERS = _dcm("111002", "Algorithm Parameters")
ALGORITHM_FAMILY = _dcm("111000", "Algorithm Family")
ARTIFICIAL_INTELLIGENCE = _dcm("123110", "Artificial Intelligence")

# The answer: TID 1501, 4015.
TRACKING_IDENTIFIER = _dcm("112039", "Tracking Identifier")
TRACKING_UNIQUE_IDENTIFIER = _dcm("112040", "Tracking Unique Identifier")
FINDING = _dcm("121071", "Finding")
FINDING_SITE = _sct("363698007", "Finding Site")
LUMBAR_SPINE = _sct("122496007", "Lumbar spine")
OSTEOPOROSIS = _sct("64859006", "Osteoporosis")
PRESENT = _sct("52101004", "Present")
ABSENT = _sct("272519000", "Absent")
UNDETERMINED = _sct("373068000", "Undetermined")
PROBABILITY_OF_OSTEOPOROSIS = CodedConcept("OP-PROB", OUR_SCHEME, "Probability of osteoporosis")
CAD_SUMMARY = _dcm("111017", "CAD Processing and Findings Summary")
SUCCEEDED_WITHOUT_FINDINGS = _dcm("111241", "All algorithms succeeded; without findings")
SUCCEEDED_WITH_FINDINGS = _dcm("111242", "All algorithms succeeded; with findings")
NONE_SUCCEEDED = _dcm("111245", "No algorithms succeeded; without findings")
COMMENT = _dcm("121106", "Comment")
CONCLUSION = _dcm("121077", "Conclusion")

# Whether the image could be read (111101 takes RadLex values).
IMAGE_QUALITY = _dcm("111101", "Image Quality")
DIAGNOSTIC_QUALITY = CodedConcept("RID12", "RADLEX", "Diagnostic quality")
LIMITED_QUALITY = CodedConcept("RID13", "RADLEX", "Limited quality")
NON_DIAGNOSTIC_QUALITY = CodedConcept("RID14", "RADLEX", "Non-diagnostic quality")
QUALITY_FINDING = _dcm("111052", "Quality Finding")
INSUFFICIENT_QUALITY = _dcm("110531", "Insufficient quality for interpretation")
OBJECT_TYPE_NOT_SUPPORTED = _dcm("110522", "Object Types not supported")
COVERAGE_INCOMPLETE = _dcm("130576", "Anatomy coverage incomplete")

# How a visual explanation was made (CID 217).
GRAD_CAM = _dcm("130403", "Gradient-weighted class activation")

# Units (UCUM).
PERCENT = CodedConcept("%", "UCUM", "Percent")
PIXELS = CodedConcept("{pixels}", "UCUM", "Pixels")

# Purposes of reference: source images (CID 7202), equipment (CID 7005).
SOURCE_OF_PROCESSING = _dcm("121322", "Source image for image processing operation")
ACQUISITION_EQUIPMENT = _dcm("109101", "Acquisition Equipment")
PROCESSING_EQUIPMENT = _dcm("109102", "Processing Equipment")

# Readers' feedback on a report: agreement, and Key Object Selection titles that reject it (CID 7010).
AGREEMENT_WITH_PRIOR_FINDINGS = _dcm("122775", "Agreement with prior findings")
DISAGREEMENT_WITH_PRIOR_FINDINGS = _dcm("122776", "Disagreement with prior findings")
REJECTED_FOR_QUALITY_REASONS = _dcm("113001", "Rejected for Quality Reasons")
REJECTED_FOR_PATIENT_SAFETY_REASONS = _dcm("113037", "Rejected for Patient Safety Reasons")
QUALITY_ISSUE = _dcm("113010", "Quality Issue")


def probability_of(positive_class: CodedConcept) -> CodedConcept:
    """Names the probability of a model's positive class, in our scheme."""
    if (positive_class.value, positive_class.scheme) == (OSTEOPOROSIS.value, OSTEOPOROSIS.scheme):
        return PROBABILITY_OF_OSTEOPOROSIS
    meaning = f"Probability of {positive_class.meaning.lower()}"
    return CodedConcept(f"P{positive_class.value}", OUR_SCHEME, meaning)
