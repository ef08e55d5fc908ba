from __future__ import annotations

import sys

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from osteo_pacs.retrain.comparison.cross_validation import fold_of
from osteo_pacs.retrain.comparison.learning import (
    Budget,
    Course,
    Pictures,
    placed,
    probabilities,
    shrink,
    standardised,
    train,
)
from osteo_pacs.retrain.comparison.networks import (
    NetworkMissing,
    WeightsUnfit,
    build,
    take_weights,
    untrained,
    weights_sha256,
)


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for each other make small steps slow on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def small_network():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )


def unchanged(images):
    return images


def noisy(images):
    return images + torch.randn_like(images)


def bright_and_dark(count=24):
    generator = torch.Generator().manual_seed(1)
    labels = torch.arange(count) % 2
    images = torch.rand(count, 1, 12, 12, generator=generator) * 0.3 + 0.5 * labels[:, None, None, None]
    return Pictures(images, labels)


def course(augment=unchanged, **budget):
    budget = Budget(**{"size": 12, "epochs": 15, "batch_size": 8} | budget)
    return Course(budget, augment, torch.device("cpu"))


def test_training_teaches_what_is_easy():
    torch.manual_seed(1)
    network, pictures = small_network(), bright_and_dark()
    part = standardised(pictures, pictures)
    train([network], part, course(learning_rate=0.03), seed=1)
    found = probabilities(network, part, course())
    assert ((found >= 0.5) == (part.labels > 0)).all()


def test_one_seed_trains_one_network():
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        network = small_network()
        train([network], bright_and_dark(), course(epochs=2), seed=5)
        states.append(torch.cat([parameter.flatten() for parameter in network.parameters()]))
    assert torch.equal(*states)


class DroppingNetwork(nn.Sequential):
    """Keeps what it was shown, and what it dropped."""

    def __init__(self):
        super().__init__(nn.Flatten(), nn.Dropout(0.5), nn.Linear(144, 2))
        self.shown = []

    def forward(self, batch):
        self.shown.append((batch, self[1](torch.ones(4))))
        return super().forward(batch)


def test_every_network_sees_the_same_pictures_whoever_learns_beside_it():
    together, alone = [DroppingNetwork() for _ in range(3)], DroppingNetwork()
    train(together, bright_and_dark(), course(noisy, epochs=3), seed=2)
    train([alone], bright_and_dark(), course(noisy, epochs=3), seed=2)
    for network in together:
        for (seen, dropped), (expected, also_dropped) in zip(network.shown, alone.shown, strict=True):
            assert torch.equal(seen, expected)
            assert torch.equal(dropped, also_dropped)


def test_every_picture_is_changed_anew_in_every_epoch():
    network = DroppingNetwork()
    train([network], bright_and_dark(), course(noisy, epochs=3), seed=2)
    seen = torch.cat([batch for batch, _ in network.shown])
    assert len(seen) == 3 * 24
    assert len(seen.flatten(1).unique(dim=0)) == 3 * 24


def test_resnet_halves_its_picture_in_the_first_layer_as_published():
    assert build("resnet50", small_network()).conv1.stride == (2, 2)


@pytest.mark.parametrize("name", ["resnet50", "vgg16", "inceptionv3"])
def test_networks_take_pictures_with_their_channels_last(name):
    network = placed(build(name, small_network()), torch.device("cpu")).eval()
    assert network(torch.zeros(2, 1, 80, 80)).shape == (2, 2)


def test_a_last_picture_by_itself_does_not_stop_training():
    train([small_network()], bright_and_dark(9), course(epochs=1), seed=1)


def test_standardising_uses_the_training_part_alone():
    training, testing = bright_and_dark(), Pictures(torch.ones(1, 1, 12, 12), torch.tensor([1]))
    found = standardised(testing, training).images
    expected = (1 - training.images.mean()) / training.images.std()
    assert torch.allclose(found, expected.expand_as(found))


def test_shrinking_keeps_the_mean():
    images = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    assert shrink(images, 64) is images
    assert shrink(images, 16).shape == (1, 1, 16, 16)
    assert float(shrink(images, 16).mean()) == pytest.approx(float(images.mean()), abs=0.01)


def test_folds_hold_every_patient_once_and_both_classes_evenly():
    labels = [1] * 114 + [0] * 60
    folds = fold_of(labels, 5, seed=1)
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]
    for fold in range(5):
        members = [label for label, place in zip(labels, folds, strict=True) if place == fold]
        assert (sum(members), len(members) - sum(members)) in {(23, 12), (22, 12)}
    assert folds != fold_of(labels, 5, seed=2)


def test_an_untrained_copy_shares_nothing_with_its_model():
    network = small_network().requires_grad_(requires_grad=False)
    before = network[0].weight.clone()
    fresh = untrained(network)
    assert fresh[0].weight.requires_grad
    assert not torch.equal(fresh[0].weight, before)
    assert torch.equal(network[0].weight, before)


def test_pretrained_filters_of_three_colours_are_added_up_and_the_classifier_is_left(tmp_path):
    network, given = small_network(), small_network().state_dict()
    colours = torch.rand(4, 3, 3, 3)
    classifier = network[5].weight.clone()
    save_file({**given, "0.weight": colours}, tmp_path / "weights.safetensors")
    take_weights(network, tmp_path / "weights.safetensors")
    assert torch.allclose(network[0].weight, colours.sum(1, keepdim=True))
    assert torch.equal(network[5].weight, classifier)


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save({"another.weight": torch.zeros(3)}, tmp_path / "weights.pt")
    with pytest.raises(WeightsUnfit, match="0 of"):
        take_weights(small_network(), tmp_path / "weights.pt")


@pytest.mark.parametrize("content", [None, b"", b"not a file of weights"])
def test_a_file_without_weights_is_refused(tmp_path, content):
    file = tmp_path / "weights.pt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(WeightsUnfit):
        take_weights(small_network(), file)


def test_weights_are_named_by_the_digest_of_their_file(tmp_path):
    (tmp_path / "weights.pt").write_bytes(b"abc")
    assert weights_sha256(tmp_path / "weights.pt").startswith("ba7816bf8f01cfea")  # FIPS 180-2, appendix B.1
    with pytest.raises(WeightsUnfit, match="cannot be read"):
        weights_sha256(tmp_path / "gone.pt")


def test_without_pytorchcv_the_command_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorchcv.models", None)
    with pytest.raises(NetworkMissing, match=r"pip install --no-deps pytorchcv"):
        build("vgg16", small_network())
