"""A data set from labelled studies: a folder that the bundle trains on as it is, and what the database keeps.

    with builder(settings, database, by=person) as ready:
        built = ready.build(advance)

The same studies, labels, secret, bundle and configuration give the same digest, and the same bytes.
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from osteo_pacs.audit.events import data_set_written
from osteo_pacs.audit.record import Participant
from osteo_pacs.clock import Clock
from osteo_pacs.config.labels import Datasets
from osteo_pacs.db import audit, data_sets
from osteo_pacs.db.data_sets import Candidate, NewItem
from osteo_pacs.db.session import Database
from osteo_pacs.errors import PermanentError
from osteo_pacs.labels.effective import LabelRules, Says, effective
from osteo_pacs.retrain.data_set.crops import Crop, Cropper, LabelledStudy, LeftOut
from osteo_pacs.retrain.data_set.duplicates import joined, near_pairs
from osteo_pacs.retrain.data_set.manifest import Manifest, Picture, is_whole, write_folder
from osteo_pacs.retrain.data_set.parts import Part, Placement, place
from osteo_pacs.retrain.data_set.site_secret import SiteSecret


class TooFewCases(PermanentError):
    """There are too few labelled patients to train and test on."""

    remedy = "Label more studies (`osteo-pacs label import`), or lower [datasets] min_per_class and know why."


@dataclass(frozen=True, slots=True)
class Built:
    """A data set that is there now; ``is_new`` is False where the same one was there before."""

    data_set_id: int
    manifest: Manifest
    folder: Path
    is_new: bool


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds data sets of one installation.

    Attributes:
        cropper: makes the cropper that writes into a folder.
        made_by: what beside the studies decides on the files, such as the bundle's digest.
        by: the person who has it built.
    """

    database: Database
    cropper: Callable[[Path], Cropper]
    secret: SiteSecret
    rules: LabelRules
    recipe: Datasets
    made_by: Mapping[str, str]
    clock: Clock
    by: Participant

    def build(self, advance: Callable[[], None] = lambda: None) -> Built:
        """Builds it; ``advance`` is called after each labelled study.

        Raises:
            TooFewCases: with the counts.
            SidesChanged: another one was built meanwhile.
            DecoderUnavailable: the decoding process does not start.
        """
        began_at = self.clock()
        with self.database.read() as session:
            candidates, known = data_sets.candidates(session), data_sets.known_sides(session)
        studies, left_out = self._labelled(candidates)
        _require_classes(studies, 3 * self.recipe.min_per_class)
        self.recipe.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".building-", dir=self.recipe.directory) as work:
            crops = self._crops(self.cropper(Path(work)), studies, left_out, advance)
            kept = [*_without_repeats(crops, left_out)]
            placement = self._place(crops, {crop.study.patient for crop in kept}, known)
            manifest = self._manifest(kept, placement, left_out)
            _require_parts(manifest, self.recipe.min_per_class)
            folder = self.recipe.directory / manifest.digest
            _publish(Path(work), manifest, folder)
        return self._keep(manifest, kept, placement, folder, began_at)

    def count(self) -> int:
        """How many labelled studies a build would look at."""
        with self.database.read() as session:
            return len(data_sets.candidates(session))

    def _labelled(self, candidates: Iterable[Candidate]) -> tuple[list[LabelledStudy], list[LeftOut]]:
        studies: list[LabelledStudy] = []
        left_out: list[LeftOut] = []
        for candidate in candidates:
            label = effective([one.statement for one in candidate.labels], self.rules)
            name = self.secret.name("study", candidate.study_instance_uid)[:24]
            if reason := _unfit(candidate, label.says):
                left_out.append(LeftOut(name, reason))
            else:
                patient = self.secret.name("patient", candidate.patient_digest)
                studies.append(LabelledStudy(candidate, label, patient))
        return studies, left_out

    @staticmethod
    def _crops(
        cropper: Cropper, studies: Iterable[LabelledStudy], left_out: list[LeftOut], advance: Callable[[], None]
    ) -> list[Crop]:
        crops: list[Crop] = []
        for study in studies:
            for image in study.candidate.images:
                found = cropper.crop(study, image)
                if isinstance(found, Crop):
                    crops.append(found)
                else:
                    left_out.append(found)
            advance()
        return sorted(crops, key=lambda crop: crop.name)

    def _place(self, crops: Sequence[Crop], wanted: AbstractSet[str], known: Mapping[str, bool]) -> Placement:
        """Places the wanted patients; pictures that are left out tell who belongs together, too."""
        patients = [crop.study.patient for crop in crops]
        same = defaultdict(list)
        for crop in crops:
            same[crop.pixel_sha256].append(crop.study.patient)
        pairs = [(group[0], other) for group in same.values() for other in group[1:]]
        pairs += [(patients[one], patients[other]) for one, other in near_pairs([crop.hash for crop in crops])]
        positive = {crop.study.patient for crop in crops if crop.study.label.says is Says.POSITIVE}
        placed = place(
            joined(patients, pairs),
            known,
            positive.__contains__,
            self.secret.fraction,
            test_share=self.recipe.test_share,
            folds=self.recipe.folds,
        )
        places = {patient: at for patient, at in placed.places.items() if patient in wanted}
        return Placement(places, placed.left_out & wanted)

    def _manifest(self, crops: Sequence[Crop], placement: Placement, left_out: list[LeftOut]) -> Manifest:
        refused = [crop for crop in crops if crop.study.patient in placement.left_out]
        reason = "its patient shares a picture with a patient of the locked test set"
        left_out += [LeftOut(crop.name, reason) for crop in refused]
        pictures = [_picture(crop, placement) for crop in crops if crop.study.patient in placement.places]
        recipe = {
            "t_score_cut_off": self.rules.cut_off,
            "precedence": [*map(str, self.rules.precedence)],
            "test_share": self.recipe.test_share,
            "folds": self.recipe.folds,
            "dates": self.recipe.dates,
            "keep_burned_in_text": self.recipe.keep_burned_in_text,
        }
        in_order = sorted((one.name, one.reason) for one in left_out)
        return Manifest(tuple(pictures), tuple(in_order), recipe | dict(self.made_by))

    def _keep(
        self, manifest: Manifest, crops: Sequence[Crop], placement: Placement, folder: Path, began_at: datetime
    ) -> Built:
        studies = {crop.name: crop.study.candidate.study_id for crop in crops}
        items = [NewItem(one.image, studies[one.name], one.patient, one.part) for one in manifest.pictures]
        now = self.clock()
        with self.database.write() as session:
            data_set_id, is_new = data_sets.add_data_set(
                session, manifest.digest, manifest.facts(), items, sides=placement.sides, now=began_at
            )
            if is_new:
                what = f"data set {data_set_id} built: {len(items)} images of {len(placement.places)} patients"
                audit.append(session, data_set_written(what, folder, now, by=self.by))
        return Built(data_set_id, manifest, folder, is_new)


def _unfit(candidate: Candidate, says: Says | None) -> str:
    """Why a labelled study cannot be in a data set; nothing where it can."""
    if says in {None, Says.EXCLUDE}:
        return "it is excluded by its label"
    if not candidate.patient_digest:
        return "it has no Patient ID, so that nothing keeps its patient in one part"
    if not candidate.images:
        return "no image of it was read, or none is here any more"
    return ""


def _without_repeats(crops: Sequence[Crop], left_out: list[LeftOut]) -> Iterator[Crop]:
    """The same pixels once for a patient, and not at all where labels contradict each other."""
    same: dict[str, list[Crop]] = defaultdict(list)
    for crop in crops:
        same[crop.pixel_sha256].append(crop)
    for crop in crops:
        alike = same[crop.pixel_sha256]
        if len({one.study.label.says for one in alike}) > 1:
            left_out.append(LeftOut(crop.name, "the same pixels have contradicting labels"))
        elif next(one for one in alike if one.study.patient == crop.study.patient) is not crop:
            left_out.append(LeftOut(crop.name, "the same pixels as another picture of its patient"))
        else:
            yield crop


def _picture(crop: Crop, placement: Placement) -> Picture:
    placed, label = placement.places[crop.study.patient], crop.study.label
    t_scores = {one.id: one.statement.t_score for one in crop.study.candidate.labels}
    return Picture(
        name=crop.name,
        part=placed.part,
        fold=placed.fold,
        label=int(label.says is Says.POSITIVE),
        source=str(label.source),
        t_score=t_scores.get(label.number or 0),
        patient=crop.study.patient,
        sha256=crop.sha256,
        pixel_sha256=crop.pixel_sha256,
        received_sha256=crop.image.sha256,
    )


def _require_classes(studies: Iterable[LabelledStudy], least: int) -> None:
    patients: dict[str, Says | None] = {}
    for study in studies:
        if patients.get(study.patient) is not Says.POSITIVE:
            patients[study.patient] = study.label.says
    counts = Counter(patients.values())
    positive, negative = counts[Says.POSITIVE], counts[Says.NEGATIVE]
    if min(positive, negative) < least:
        raise TooFewCases(
            f"{positive} positive and {negative} negative patients can be used; each class needs {least}."
        )


def _require_parts(manifest: Manifest, least: int) -> None:
    lacking: list[str] = []
    counts: dict[str, Any] = manifest.facts()["parts"]
    for part in Part:
        positive, negative = counts[part]["positive_patients"], counts[part]["negative_patients"]
        if min(positive, negative) < least:
            lacking.append(f"{part} has {positive} positive and {negative} negative patients")
    if lacking:
        raise TooFewCases(f"{'; '.join(lacking)}; each class needs {least}.")


def _publish(work: Path, manifest: Manifest, folder: Path) -> None:
    """Brings the folder to its place whole, or not at all."""
    whole = work / "whole"
    write_folder(manifest, work, whole)
    if is_whole(folder, manifest):
        # Someone may be training on it.
        return
    shutil.rmtree(folder, ignore_errors=True)
    whole.rename(folder)
