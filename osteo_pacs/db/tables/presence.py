"""The processes of the service that are there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from osteo_pacs.db.tables.base import Base


class Presence(Base):
    """A process that runs, or ran until it died without a word: then ``seen_at`` grows old."""

    __tablename__ = "presence"

    worker: Mapped[str] = mapped_column(String(128), primary_key=True)
    """Host and process ID, as in a job's ``claimed_by``."""
    name: Mapped[str] = mapped_column(String(64))
    """As in the log: ``worker-1``."""
    role: Mapped[str] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(32))
    """Of the program."""
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """When it last said that it is there, on the database's clock."""
