"""C-STORE and C-ECHO response statuses by their names (PS3.7 Annex C, PS3.4 B.2.3)."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """A DIMSE status code (0000,0900)."""

    SUCCESS = 0x0000
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_SOP_INSTANCE = 0x0111
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    NOT_AUTHORIZED = 0x0124
    UNRECOGNIZED_OPERATION = 0x0211
    OUT_OF_RESOURCES = 0xA700
    DATA_SET_DOES_NOT_MATCH_SOP_CLASS = 0xA900
    COERCION_OF_DATA_ELEMENTS = 0xB000
    CANNOT_UNDERSTAND = 0xC000
