"""From a sealed folder to a model that predicts: verify, then parse, then build by MONAI's ConfigParser.

A bundle's configuration is code, whatever MONAI is told about it; so the manifest's digests are checked before
a byte of it is parsed, weights come from safetensors alone, and scripts run from the verified bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from monai.bundle.config_parser import ConfigParser
from monai.transforms.compose import Compose
from safetensors.torch import load as load_safetensors

from osteo_pacs.infer.device import DeviceMissing, choose_device
from osteo_pacs.infer.metadata import (
    METADATA,
    WEIGHTS,
    BundleUnusable,
    familiarity_grids,
    input_limits,
    input_shape,
    model_version,
)
from osteo_pacs.infer.predict import Familiarity, Model
from osteo_pacs.infer.runtimes import PYTORCH_ON_CPU, Readout, fastest
from osteo_pacs.infer.sealed_modules import bundle_scripts
from osteo_pacs.sealed import BundleTampered, Sealed, open_sealed

__all__ = ["BundleTampered", "BundleUnusable", "DeviceMissing", "load_bundle", "load_preparation"]

INFERENCE = "configs/inference.json"
REFERENCE = "models/familiarity.safetensors"


def load_bundle(
    folder: Path,
    device: str = "auto",
    *,
    threads: int | None = None,
    batch_size: int = 8,
    public_key: Path | None = None,
) -> Model:
    """Loads a bundle on a device: ``cpu``, ``cuda``, or ``auto`` for CUDA where there is one.

    Args:
        folder: the bundle.
        device: where the network runs.
        threads: CPU threads of the network; None for every core this process may use.
        batch_size: most images in one pass of the network.
        public_key: of who must have signed the bundle; None: of nobody.

    Raises:
        BundleNotSigned, KeyUnusable: as `osteo_pacs.signature` says.
        BundleTampered: a file differs from the manifest.
        BundleUnusable: the files are intact but make no model.
        DeviceMissing: CUDA is asked for and is not there.
    """
    sealed = open_sealed(folder, public_key)
    place = choose_device(device)
    torch.set_num_threads(threads or len(os.sched_getaffinity(0)))
    try:
        model = _build(sealed, place, batch_size)
    except BundleTampered:
        raise
    except Exception as error:
        raise BundleUnusable(f"{folder}: {type(error).__name__}: {error}"[:300]) from error
    if model.runtime.name not in PYTORCH_ON_CPU:
        # Too little is left to PyTorch to be shared: its threads would wait for each other longer than they work.
        torch.set_num_threads(1)
    return model


def load_preparation(folder: Path, *, public_key: Path | None = None) -> Compose:
    """The bundle's preprocessing from the grey picture on, without the network.

    Raises:
        BundleNotSigned, KeyUnusable, BundleTampered, BundleUnusable: as `load_bundle` says.
    """
    sealed = open_sealed(folder, public_key)
    try:
        with bundle_scripts(sealed):
            parser = _parser(sealed, json.loads(sealed.read(METADATA)))
            return Compose(parser.get_parsed_content("prepare"))
    except BundleTampered:
        raise
    except Exception as error:
        raise BundleUnusable(f"{folder}: {type(error).__name__}: {error}"[:300]) from error


def _build(sealed: Sealed, device: torch.device, batch_size: int) -> Model:
    metadata = json.loads(sealed.read(METADATA))
    with bundle_scripts(sealed):
        parser = _parser(sealed, metadata)
        network = parser.get_parsed_content("network_def")
        prepare = Compose(parser.get_parsed_content("prepare"))
        decide = parser.get_parsed_content("postprocessing")
        measure = parser.get_parsed_content("familiarity")(load_safetensors(sealed.read(REFERENCE)))
    network.load_state_dict(load_safetensors(sealed.read(WEIGHTS)))
    network.eval().requires_grad_(requires_grad=False)
    shape = input_shape(metadata)
    readout = Readout(network, familiarity_grids(metadata))
    return Model(
        version=model_version(metadata, sealed.digests[WEIGHTS]),
        limits=input_limits(metadata),
        shape=shape,
        network=network,
        runtime=fastest(readout, device, shape, torch.get_num_threads()),
        prepare=prepare,
        familiarity=Familiarity(measure, float(metadata["familiarity"]["max_distance"])),
        decide=decide,
        batch_size=batch_size,
    )


def _parser(sealed: Sealed, metadata: Mapping[str, Any]) -> ConfigParser:
    parser = ConfigParser(json.loads(sealed.read(INFERENCE)))
    parser.read_meta(dict(metadata))
    parser["bundle_root"] = str(sealed.folder)
    return parser
