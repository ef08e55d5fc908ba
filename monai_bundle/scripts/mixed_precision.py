"""Training in bfloat16 where the device computes in it: half the memory traffic, with the range of float32.

MONAI's own switch is for CUDA and scales gradients as float16 needs it; bfloat16 needs no scaling.
"""

from __future__ import annotations

import torch


class MixedPrecision(torch.nn.Module):
    """A network under autocast; its output is float32."""

    def __init__(self, network: torch.nn.Module, device: torch.device) -> None:
        super().__init__()
        self.network = network
        self.device_type = device.type
        self.is_mixed = has_bfloat16(device)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """What the network gives."""
        with torch.autocast(self.device_type, torch.bfloat16, enabled=self.is_mixed):
            output: torch.Tensor = self.network(batch)
        return output.float()


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device has instructions for it; elsewhere it is emulated, and slow."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
