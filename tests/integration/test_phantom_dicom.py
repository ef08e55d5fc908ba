"""Phantom studies before real validators: dicom3tools and DCMTK."""

import subprocess

import pytest

from osteo_pacs.phantom import PhantomKind, ScannerStyle, make_study, write_study
from peers.programs import environment, program

HABITS = (
    # GE leaves Laterality empty even where the part is not paired, and gives Exposed Area outside its module.
    "attribute <Laterality>",
    "(0x0040,0x0303) US Exposed Area",
    "this is a Standard Extended SOP Class",
    # Private elements are in no dictionary.
    "(0x0011,0x1001)",
)


def complaints(path):
    done = subprocess.run(
        [program("dciodvfy"), path], capture_output=True, text=True, check=False, env=environment(), timeout=60
    )
    lines = (done.stderr + done.stdout).splitlines()
    return [
        line for line in lines if ("Error" in line or "Warning" in line) and not any(h in line for h in HABITS)
    ]


@pytest.mark.parametrize("scanner", ScannerStyle)
def test_dciodvfy_finds_only_the_makes_own_habits(tmp_path, scanner):
    paths = write_study(make_study(3, kinds=tuple(PhantomKind), scanner=scanner), tmp_path)

    assert {path.name: complaints(path) for path in paths} == {path.name: [] for path in paths}


def test_dciodvfy_would_find_a_missing_modality(tmp_path):
    study = make_study(3)
    del study.datasets[0].Modality

    assert any("Modality" in line for line in complaints(write_study(study, tmp_path)[0]))


@pytest.mark.parametrize("scanner", ScannerStyle)
def test_dcmtk_renders_every_kind(tmp_path, scanner):
    for path in write_study(make_study(4, kinds=tuple(PhantomKind), scanner=scanner), tmp_path):
        done = subprocess.run(
            [program("dcm2pnm"), "+on", path, path.with_suffix(".png")],
            capture_output=True,
            text=True,
            check=False,
            env=environment(),
            timeout=60,
        )

        assert (done.returncode, done.stderr) == (0, "")
