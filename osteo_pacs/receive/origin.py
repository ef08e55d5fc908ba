"""Which association an instance comes by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """The association that sends; ``peer`` is its address."""

    association_id: str
    calling_ae_title: str
    peer: str
