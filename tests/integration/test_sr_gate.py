"""Every report that the program can write passes every validator, and the gate is no rubber stamp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from osteo_pacs.report import DocumentKind
from sr_gate import judge
from sr_gate.cases import CASES, WITH_PICTURE
from sr_gate.gate import MEASUREMENT_VALIDATORS, PICTURE_VALIDATORS, Findings
from sr_gate.mutations import MUTATIONS
from sr_gate.results import ILLUSTRATED, PLAIN

# Alone on two cores the validators take half a minute; a busy machine is no reason to fail.
pytestmark = [pytest.mark.xdist_group("sr_gate"), pytest.mark.timeout(900)]

# The same tree serves the three SOP Classes; this case has every kind of Content Item.
IN_ALL_KINDS = ("mixed",)
EVERYWHERE = (DocumentKind.COMPREHENSIVE_3D_SR, DocumentKind.TEXT_SR)


def _wanted() -> Iterator[tuple[str, DocumentKind]]:
    for case in CASES:
        for kind in PLAIN if case in IN_ALL_KINDS else EVERYWHERE:
            yield case, kind
    for case in WITH_PICTURE:
        for kind in ILLUSTRATED:
            yield case, kind


WANTED = [pytest.param(case, kind, id=f"{case}-{kind}") for case, kind in _wanted()]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Findings]:
    """The validators' findings on every good and every damaged report; one virtual machine serves them all."""
    folder = tmp_path_factory.mktemp("reports")
    paths: dict[str, Path] = {}
    for case, build in {**CASES, **WITH_PICTURE}.items():
        for kind, document in build().items():
            if (case, kind) in set(_wanted()):
                paths[f"{case}-{kind}"] = _write(folder / f"good{len(paths)}.dcm", document.content)
    for name, mutation in MUTATIONS.items():
        paths[name] = _write(folder / f"bad{len(paths)}.dcm", mutation.document())
    elsewhere = {name for name, mutation in MUTATIONS.items() if mutation.validator != "pixelmed"}
    return judge(paths, without_templates=elsewhere)


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("case", "kind"), WANTED)
def test_report_passes_every_validator(judged, case, kind):
    assert judged[f"{case}-{kind}"] == {}


@pytest.mark.parametrize("name", MUTATIONS)
def test_damage_is_found_by_its_validator(judged, name):
    assert MUTATIONS[name].validator in judged[name]


def test_every_validator_has_damage_to_find():
    assert {mutation.validator for mutation in MUTATIONS.values()} == {*MEASUREMENT_VALIDATORS, "pixelmed"}
    of_pictures = [mutation for mutation in MUTATIONS.values() if mutation.kind is DocumentKind.PICTURE]
    assert {mutation.validator for mutation in of_pictures} == {*PICTURE_VALIDATORS}
