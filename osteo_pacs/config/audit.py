"""``[audit]``: where the audit trail is sent, besides the database that keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from osteo_pacs.config.sections import Port, Seconds, Section


class Audit(Section):
    """Where the audit trail is sent, by syslog over TLS."""

    host: str = Field("", description="Audit Record Repository; empty: the trail stays in the database alone.")
    port: Port = Field(6514, description="Its TCP port.")
    ca: Path | None = Field(
        None, description="PEM file of who may vouch for its certificate; left out: the system's authorities."
    )
    certificate: Path | None = Field(
        None, description="PEM file of our certificate and its chain; left out: we show none."
    )
    key: Path | None = Field(None, description="PEM file of our certificate's key, without a password.")
    every_s: Seconds = Field(5, description="Seconds between two looks for events to send.")
    timeout_s: Seconds = Field(10, description="Seconds within which each step of sending must be done.")

    @property
    def repository(self) -> str:
        """Its host and port, in one word."""
        return f"{self.host}:{self.port}"

    @model_validator(mode="after")
    def _a_certificate_has_its_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("name both certificate and key, or neither")
        return self
