"""What the tutorial on retraining has people save and run."""

import csv
import io
import re
import subprocess
import sys

from house import reference
from osteo_pacs.phantom.folder import write_studies

SCRIPT = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
TUTORIAL = reference.ROOT / "docs" / "tutorial-retraining.md"
STUDIES = 6


def says(folder, wrong):
    done = subprocess.run(
        [sys.executable, "reader.py", wrong, "2026-02-01", "r1"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {row["study"]: row["label"] for row in csv.DictReader(io.StringIO(done.stdout))}


def test_the_reader_of_the_tutorial_is_right_or_wrong_as_asked(tmp_path):
    [script] = SCRIPT.findall(TUTORIAL.read_text(encoding="utf-8"))
    (tmp_path / "reader.py").write_text(script)
    studies = list(write_studies(tmp_path / "scanner", first_seed=1, count=STUDIES, kinds=["ap-spine"]))
    right, wrong = says(tmp_path, "0"), says(tmp_path, "1")
    assert right.keys() == wrong.keys() == {study.study_instance_uid for study in studies}
    assert all(right[uid] != wrong[uid] for uid in right)
