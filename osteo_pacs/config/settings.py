"""All of ``config.toml`` as one frozen value."""

from __future__ import annotations

from pathlib import Path
from typing import Self, TypeVar

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from osteo_pacs.config import network, sections
from osteo_pacs.config.audit import Audit
from osteo_pacs.config.drift import Drift
from osteo_pacs.config.labels import Datasets, Labels
from osteo_pacs.config.retention import Retention, Watermarks
from osteo_pacs.config.sections import SQLITE_PREFIX
from osteo_pacs.config.training import Gate, Training

ENVIRONMENT_PREFIX = "OSTEO_PACS__"
Table = TypeVar("Table", bound=sections.Section)


class Settings(BaseSettings):
    """The settings of one installation."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__"
    )

    listener: network.Listener = Field(default_factory=network.Listener)
    database: sections.Database = Field(default_factory=sections.Database)
    spool: sections.Spool = Field(default_factory=sections.Spool)
    retention: Retention = Field(default_factory=Retention)
    completeness: sections.Completeness = Field(default_factory=sections.Completeness)
    worker: sections.Worker = Field(default_factory=sections.Worker)
    jobs: sections.Jobs = Field(default_factory=sections.Jobs)
    model: sections.Model = Field(default_factory=sections.Model)
    drift: Drift = Field(default_factory=Drift)
    destinations: tuple[network.Destination, ...] = Field(
        (), description="The PACS that get the reports, one table each."
    )
    selection: sections.Selection = Field(default_factory=sections.Selection)
    labels: Labels = Field(default_factory=Labels)
    datasets: Datasets = Field(default_factory=Datasets)
    training: Training = Field(default_factory=Training)
    gate: Gate = Field(default_factory=Gate)
    audit: Audit = Field(default_factory=Audit)
    log: sections.Log = Field(default_factory=sections.Log)
    service: sections.Service = Field(default_factory=sections.Service)

    @model_validator(mode="after")
    def _watermarks_stand_in_their_order(self) -> Self:
        marks = self.watermarks
        if marks.low_free_mib <= marks.min_free_mib:
            raise ValueError(
                f"[retention] low_free_mib = {marks.low_free_mib} is not above [spool] min_free_mib = "
                f"{marks.min_free_mib}: associations would be rejected before room is made"
            )
        if marks.high_free_mib < marks.low_free_mib:
            raise ValueError(
                f"[retention] high_free_mib = {marks.high_free_mib} is below low_free_mib = {marks.low_free_mib}"
            )
        return self

    @property
    def watermarks(self) -> Watermarks:
        """The marks of free space in the spool."""
        low = self.retention.low_free_mib or 2 * self.spool.min_free_mib
        return Watermarks(self.spool.min_free_mib, low, self.retention.high_free_mib or 2 * low)

    @property
    def model_store(self) -> Path:
        """The folder of the model versions."""
        return self.model.store or self.spool.directory.parent / "models"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What it is given and nothing else: ``load`` reads the file and the environment."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    def beside(self, folder: Path) -> Self:
        """These settings with every relative path taken from ``folder``."""
        url = self.database.url
        if url.startswith(SQLITE_PREFIX):
            url = f"{SQLITE_PREFIX}{folder / url.removeprefix(SQLITE_PREFIX)}"
        return self.model_copy(
            update={
                "listener": _beside(self.listener, folder),
                "database": self.database.model_copy(update={"url": url}),
                "audit": _beside(self.audit, folder),
                "spool": _beside(self.spool, folder),
                "model": _beside(self.model, folder),
                "datasets": _beside(self.datasets, folder),
                "training": _beside(self.training, folder),
                "destinations": tuple(_beside(destination, folder) for destination in self.destinations),
            }
        )


def _beside(section: Table, folder: Path) -> Table:
    paths = {key: folder / value for key, value in section if isinstance(value, Path)}
    return section.model_copy(update=paths)
