"""``[retention]``: how long what was received and what was said of it stay, and what goes when space is short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from osteo_pacs.config.sections import MebiBytes, Seconds, Section

Days = Annotated[float, Field(ge=0)]
SettledState = Literal["delivered", "refused", "nothing_to_read", "parked", "cancelled"]
"""How a study may stand of which something may go."""


class Retention(Section):
    """How long instances and reports are kept."""

    every_s: Seconds = Field(300, description="Seconds between two looks at what may go.")
    delivered_days: Days = Field(
        0, description="Days for which a study keeps its instances once its report is delivered; 0 is for ever."
    )
    refused_days: Days = Field(
        0, description="Days for which a study that was refused keeps its instances; 0 is for ever."
    )
    nothing_to_read_days: Days = Field(
        0, description="Days for which a study without a spine image keeps its instances; 0 is for ever."
    )
    parked_days: Days = Field(
        0, description="Days for which a study with a parked job keeps its instances; 0 is for ever."
    )
    cancelled_days: Days = Field(
        0, description="Days for which a study that a person has cancelled keeps its instances; 0 is for ever."
    )
    reports_days: Days = Field(
        0, description="Days after which a study without instances is forgotten, reports and all; 0 is never."
    )
    quarantine_days: Days = Field(
        30,
        description=(
            "Days for which quarantine keeps other bytes under a known UID, and files that no row names; "
            "0 is for ever."
        ),
    )
    pressure_states: tuple[SettledState, ...] = Field(
        ("delivered", "refused", "nothing_to_read"),
        description="Studies that give up their instances when space is short; an empty list is none.",
    )
    pressure_min_days: Days = Field(
        1, description="Days for which a study keeps its instances even when space is short."
    )
    low_free_mib: MebiBytes | None = Field(
        None, description="Free space in MiB under which space is short; left out: twice [spool] min_free_mib."
    )
    high_free_mib: MebiBytes | None = Field(
        None, description="Free space in MiB up to which room is made; left out: twice low_free_mib."
    )


@dataclass(frozen=True, slots=True)
class Watermarks:
    """Free space in MiB: associations are rejected below ``min``, room is made below ``low`` up to ``high``."""

    min_free_mib: int
    low_free_mib: int
    high_free_mib: int
