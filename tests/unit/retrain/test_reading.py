from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from pydicom import dcmread

from osteo_pacs.findings import RefusalReason, Region
from osteo_pacs.images import GreyImage
from osteo_pacs.infer.outcome import Prediction, RefusedImage
from osteo_pacs.infer.predict import Model
from osteo_pacs.phantom import PhantomKind, ideal_observer_score
from osteo_pacs.phantom.chance import random_stream
from osteo_pacs.phantom.dataset import standard_parts
from osteo_pacs.retrain.comparison import compare
from osteo_pacs.retrain.judging import reading, test_set
from osteo_pacs.retrain.judging.reading import Reader
from osteo_pacs.retrain.judging.test_set import SetDigest, ideal_probability, out_of_scope, spines

LARGEST_PART = 1_000_000


class ThresholdModel(Model):
    """Refuses what is dark; its probability is the mean grey, through `decide` like a bundle's."""

    def predict(self, images):
        return [self._outcome(image) for image in images]

    def _outcome(self, image):
        mean = float(image.pixels.mean())
        if mean < 0.05:
            return RefusedImage(image.rows, image.columns, RefusalReason.NO_CONTRAST, "Dark.")
        decided = self.decide({"pred": [1 - mean, mean]})
        return Prediction(image.rows, image.columns, Region(0, 0, 1, 1), decided["p"], decided["p"] > 0.5)


@pytest.fixture
def model():
    return ThresholdModel(
        version=None, limits=None, network=None, runtime=None, prepare=None, batch_size=1,
        decide=lambda item: {"p": item["pred"][1] ** 2}, **_new_fields(),
    )  # fmt: skip


def _new_fields():
    known = {"version", "limits", "network", "runtime", "prepare", "decide", "batch_size"}
    return {name: None for name in Model.__dataclass_fields__ if name not in known}


def picture(seed):
    return SimpleNamespace(seed=seed)


def test_each_picture_gets_its_own_answer_with_both_probabilities(model):
    greys = {1: 0.8, 2: 0.0, 3: 0.4}

    def decode(one):
        if one.seed == 4:
            return "unreadable_pixels"
        return GreyImage(np.full((2, 2), greys[one.seed], np.float32))

    found = {one.seed: answer for one, answer in Reader(model, decode).read(map(picture, (1, 2, 4, 3)))}
    assert (found[1].raw_probability, found[1].probability) == pytest.approx((0.8, 0.64))
    assert (found[3].raw_probability, found[3].probability) == pytest.approx((0.4, 0.16))
    assert (found[1].is_called, found[3].is_called) == (True, False)
    assert (found[2].refusal, found[4].refusal) == ("no_contrast", "unreadable_pixels")
    assert found[2].probability is found[4].raw_probability is None


def test_answers_stay_with_their_pictures_over_many_batches(model):
    count = 2 * reading.BATCH + 3

    def decode(one):
        return GreyImage(np.full((2, 2), 0.1 + one.seed / 100, np.float32))

    for one, answer in Reader(model, decode).read(map(picture, range(count))):
        assert answer.raw_probability == pytest.approx(0.1 + one.seed / 100)


def test_every_picture_claims_to_be_an_ap_spine(tmp_path):
    (femur,) = out_of_scope(PhantomKind.FEMUR_LEFT, 1)
    ds = dcmread(reading._write(femur, tmp_path / "picture.dcm"))
    said = ds.get("ProtocolName") or ds.get("SeriesDescription")
    assert said in {"AP Spine", "Lumbar Spine"}
    assert (ds.pixel_array == femur.pixels).all()


def test_the_test_sets_seeds_are_no_training_parts():
    trained = [range(part.first_seed, part.first_seed + LARGEST_PART) for part in standard_parts(1, 1, 1)]
    starts = (test_set.FIRST_SPINE, test_set.FIRST_OUT_OF_SCOPE, compare.FIRST_PATIENT)
    assert not any(start in part for start in starts for part in trained)
    assert len(starts) == len(set(starts))
    assert min(starts) >= max(part.stop for part in trained)


def test_a_set_of_the_same_pictures_has_the_same_digest():
    digests = []
    for overlay in (False, False, True):
        digest = SetDigest()
        for one in spines(2, overlay=overlay):
            digest.add(one)
        digests.append(digest.to_dict())
    assert digests[0] == digests[1]
    assert digests[0]["sha256"] != digests[2]["sha256"]
    assert (digests[0]["first_seed"], digests[0]["last_seed"]) == (test_set.FIRST_SPINE, test_set.FIRST_SPINE + 1)


def test_the_ideal_probability_is_one_half_where_the_reading_is_at_the_labels_edge():
    for one in spines(12):
        score = ideal_observer_score(one.truth, random_stream(one.seed, "ideal observer"))
        assert (ideal_probability(one) >= 0.5) == (score >= 0)


def test_a_kind_that_may_not_be_read_has_no_ideal_probability():
    (femur,) = out_of_scope(PhantomKind.FEMUR_LEFT, 1)
    with pytest.raises(ValueError, match="no T-score"):
        ideal_probability(femur)
