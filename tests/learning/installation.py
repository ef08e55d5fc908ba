"""A hospital whose simulated patients were received and read, and that labels them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, dcmread

from osteo_pacs.audit.record import AuditRecord, Participant
from osteo_pacs.config import Settings
from osteo_pacs.db import audit, instances, labels, studies
from osteo_pacs.db.data_sets import SelectedImage
from osteo_pacs.db.lean import lean_write
from osteo_pacs.db.receipts import NewInstance, record_instances
from osteo_pacs.db.session import Database
from osteo_pacs.dicom.file_meta import FileMeta
from osteo_pacs.labels.effective import LabelRules
from osteo_pacs.phantom.study import make_study
from osteo_pacs.retrain.data_set.build import Builder, Built
from osteo_pacs.retrain.data_set.crops import Crop, LabelledStudy
from osteo_pacs.retrain.data_set.site_secret import SiteSecret
from osteo_pacs.retrain.data_set.wiring import builder
from osteo_pacs.spool import Spool

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PERSON = Participant("anna@host", address="host")
RULES = LabelRules.of(("sr", "csv", "t_score"), -2.5)
SMALL = {"min_per_class": 1, "folds": 2, "test_share": 0.4}


class CopyingCropper:
    """Stands in for `Cropper`, which decodes: a picture is its file, and no picture is near another."""

    def __init__(self, spool: Spool, secret: SiteSecret, folder: Path) -> None:
        self._spool, self._secret, self._folder = spool, secret, folder

    def crop(self, study: LabelledStudy, image: SelectedImage) -> Crop:
        name = f"{self._secret.name('image', image.sop_instance_uid)[:24]}.dcm"
        ds = dcmread(self._spool.path_of(image.path))
        pixels = sha256(ds.PixelData)
        (self._folder / name).write_bytes(ds.PixelData)
        bits = np.frombuffer(pixels.digest(), np.uint8)
        return Crop(name, study, image, pixels.hexdigest(), pixels.hexdigest(), bits)


@dataclass
class Hospital:
    """One installation; ``folder`` has its spool, its secret and its data sets."""

    database: Database
    folder: Path

    @property
    def spool(self) -> Spool:
        return Spool(self.folder / "spool")

    @property
    def secret(self) -> SiteSecret:
        return SiteSecret.open(self.folder / "key")

    def patient_key(self, patient_id: str) -> str:
        """The patient's name in data sets."""
        return self.secret.name("patient", sha256(patient_id.encode()).hexdigest())

    def settings(self, **recipe: Any) -> Settings:
        datasets = SMALL | recipe | {"directory": self.folder / "datasets", "key_file": self.folder / "key"}
        return Settings(spool={"directory": self.folder / "spool"}, datasets=datasets)

    def spine(self, seed: int, **attributes: Any) -> Dataset:
        """A simulated patient's spine, as the scanner sends it."""
        ds = deepcopy(_spine(seed))
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        return ds

    def receive(self, ds: Dataset, *, is_read: bool = True) -> int:
        """The instance comes, and its study is complete and read; gives the study's id."""
        file, study_id, instance_id = self._store(ds)
        with self.database.write() as session:
            studies.mark_complete(session, study_id, now=NOW, reason="quiet")
            if is_read:
                decision = instances.InstanceDecision(instance_id, True, "a spine", sha256(file).hexdigest())
                instances.record_decisions(session, [decision])
        return study_id

    def label(self, study_id: int, is_positive, source: str = "csv", **facts: Any) -> None:
        new = labels.NewLabel(study_id, is_positive, source, NOW, facts=facts)
        with self.database.write() as session:
            labels.add_label(session, new, NOW)

    def patients(self, count: int, *, first_seed: int = 0) -> list[int]:
        """Patients with labels in turn; ids of their studies."""
        found = [self.receive(self.spine(first_seed + number)) for number in range(count)]
        for number, study_id in enumerate(found):
            self.label(study_id, number % 2 == 0)
        return found

    def build(self, **recipe: Any) -> Built:
        """A data set whose files are the received ones: nothing is decoded, nothing de-identified."""
        settings, secret = self.settings(**recipe), self.secret
        return Builder(
            database=self.database,
            cropper=partial(CopyingCropper, self.spool, secret),
            secret=secret,
            rules=RULES,
            recipe=settings.datasets,
            made_by={},
            clock=lambda: NOW,
            by=PERSON,
        ).build()

    def build_really(self, **recipe: Any) -> Built:
        """A data set as the command builds it."""
        with builder(self.settings(**recipe), self.database, by=PERSON) as ready:
            return ready.build()

    def audited(self) -> list[AuditRecord]:
        with self.database.read() as session:
            return [kept.record for kept in audit.list_records(session, limit=1000)]

    def _store(self, ds: Dataset) -> tuple[bytes, int, int]:
        meta = FileMeta(str(ds.SOPClassUID), str(ds.SOPInstanceUID), str(ds.file_meta.TransferSyntaxUID))
        content = data_set_bytes(ds)
        file = self.spool.create(meta, NOW)
        file.write(memoryview(content))
        file.sync()
        new = NewInstance(
            study_instance_uid=str(ds.StudyInstanceUID),
            series_instance_uid=str(ds.SeriesInstanceUID),
            sop_class_uid=meta.sop_class_uid,
            sop_instance_uid=meta.sop_instance_uid,
            transfer_syntax_uid=meta.transfer_syntax_uid,
            accession_number=str(ds.get("AccessionNumber", "")),
            patient_digest=sha256(str(ds.PatientID).encode()).hexdigest() if ds.PatientID else "",
            sha256=sha256(content).hexdigest(),
            size_bytes=len(content),
            path=file.path,
            calling_ae_title="SCANNER",
            received_at=NOW,
        )
        with lean_write(self.database) as lean:
            [record] = record_instances(lean, [(new, None)])
        return content, record.study_id, record.instance_id


@cache
def _spine(seed: int) -> Dataset:
    return make_study(seed).datasets[0]


def data_set_bytes(ds: Dataset) -> bytes:
    """The Data Set in the syntax of its File Meta Information, without that."""
    file = BytesIO()
    ds.save_as(file, enforce_file_format=True)
    part10 = file.getvalue()
    return part10[144 + int.from_bytes(part10[140:144], "little") :]


def hospital_at(database: Database, folder: Path) -> Hospital:
    """An installation without patients, whose secret draws the same parts at every run."""
    (folder / "key").write_text("ab" * 32, encoding="ascii")
    (folder / "key").chmod(0o600)
    return Hospital(database, folder)
