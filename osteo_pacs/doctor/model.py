"""The model: is the bundle what its manifest says, does the device answer, does a trial prediction come out?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from osteo_pacs import shipped
from osteo_pacs.config import Settings
from osteo_pacs.db import model_versions
from osteo_pacs.db.revision import DatabaseNotAtHead, require_head
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.doctor.check import Check, Examination, failed, passed
from osteo_pacs.model_store import ModelStore
from osteo_pacs.sealed import open_sealed

DIGITS = 12


def examinations(settings: Settings) -> Iterator[Examination]:
    """Digest, device, prediction; the last starts PyTorch and takes a while."""
    device, key = settings.worker.device, settings.model.public_key
    yield Examination("bundle", lambda: _digest(bundle_in_service(settings), key))
    yield Examination("device", lambda: _device(device), limit_s=120)
    yield Examination("prediction", lambda: _predict(bundle_in_service(settings), device, key), limit_s=180)


def bundle_in_service(settings: Settings) -> Path:
    """The bundle that workers read with; the configuration's, where the database does not tell of one yet."""
    configured = settings.model.bundle or shipped.BUNDLE
    store = ModelStore(settings.model_store)
    database = Database(settings.database.url)
    try:
        require_head(database)
        with database.read() as session:
            active = model_versions.active(session)
    except (DatabaseNotAtHead, DatabaseUnavailable):
        # Another check tells.
        return configured
    finally:
        database.close()
    return store.folder_of(active.bundle_sha256) if active and store.has(active.bundle_sha256) else configured


def _digest(folder: Path, public_key: Path | None) -> Check:
    sealed = open_sealed(folder, public_key)
    signed = f", signed by {public_key}" if public_key else ""
    digest = sealed.manifest_sha256[:DIGITS]
    return passed("bundle", f"{folder}, {len(sealed.files)} files as sealed ({digest}){signed}")


def _device(device: str) -> Check:
    from osteo_pacs.infer.device import describe_device

    return passed("device", f'[worker] device = "{device}" is {describe_device(device)}')


def _predict(folder: Path, device: str, public_key: Path | None) -> Check:
    from osteo_pacs.infer.bundle import load_bundle
    from osteo_pacs.infer.outcome import Prediction
    from osteo_pacs.phantom.trial import trial_image

    model = load_bundle(folder, device, public_key=public_key)
    [outcome] = model.predict([trial_image()])
    name = f"{model.version.name} {model.version.version} by {model.runtime.name}"
    match outcome:
        case Prediction(probability=probability):
            return passed("prediction", f"{name} read a simulated spine: {100 * probability:.1f} %")
        case refused:
            return failed(
                "prediction", f"{name} refused a simulated spine: {refused.sentence}", "Restore the bundle."
            )
