"""Does a bundle of the store load and answer? Asked before it goes into service."""

from __future__ import annotations

from pathlib import Path

from osteo_pacs.infer.bundle import load_bundle
from osteo_pacs.infer.outcome import Prediction, RefusedImage
from osteo_pacs.infer.trial import try_model
from osteo_pacs.phantom.trial import trial_image


def try_bundle(folder: Path, public_key: Path | None = None) -> Prediction | RefusedImage:
    """What the bundle says of a simulated spine; on the CPU, so that it takes nothing from the workers' device.

    Raises:
        BundleTampered, BundleNotSigned, KeyUnusable, BundleUnusable: it does not load.
        TrialFailed: it does not answer.
    """
    model = load_bundle(folder, "cpu", batch_size=1, public_key=public_key)
    return try_model(model, trial_image())
