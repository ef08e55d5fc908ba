"""The sections of ``config.toml``: every key is one field with its sentence.

``network`` has those that listen or connect.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from osteo_pacs import shipped

AETitle = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\x20-\x5b\x5d-\x7e]{1,16}$")]
"""PS3.5 6.2: one to sixteen characters of the default repertoire, without the backslash."""
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
MebiBytes = Annotated[int, Field(ge=1)]
SQLITE_PREFIX = "sqlite:///"


class Section(BaseModel):
    """A table of the file: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Database(Section):
    """Where the queue lives."""

    url: str = Field(
        "sqlite:///var/osteo_pacs.db",
        description="SQLAlchemy URL: sqlite:///FILE, or postgresql+psycopg://USER:PASSWORD@HOST/NAME.",
    )

    @field_validator("url")
    @classmethod
    def _is_supported(cls, url: str) -> str:
        if url in (SQLITE_PREFIX, f"{SQLITE_PREFIX}:memory:"):
            raise ValueError("name a file: several processes share the database")
        if url.startswith((SQLITE_PREFIX, "postgresql+psycopg://")):
            return url
        raise ValueError("is of no kind that this program knows")


class Spool(Section):
    """Where the received instances lie."""

    directory: Path = Field(Path("var/spool"), description="Folder of the received Part 10 files.")
    min_free_mib: MebiBytes = Field(512, description="Free space in MiB under which associations are rejected.")


class Completeness(Section):
    """When a study is taken as whole."""

    quiet_s: Seconds = Field(10, description="Seconds without a new instance after which a study is complete.")
    max_wait_s: Seconds = Field(
        600, description="Seconds after the first new instance after which a study is read in any case."
    )

    @model_validator(mode="after")
    def _can_become_quiet(self) -> Self:
        if self.quiet_s > self.max_wait_s:
            raise ValueError(
                f"quiet_s = {self.quiet_s:g} is longer than max_wait_s = {self.max_wait_s:g}: every study would "
                "be read at its deadline; make one shorter or the other longer"
            )
        return self


class Worker(Section):
    """How studies are read."""

    processes: Count = Field(1, description="Worker processes.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where the network runs; auto prefers CUDA."
    )
    batch_size: Count = Field(8, description="Studies that one prediction takes at most.")
    decode_timeout_s: Seconds = Field(20, description="Seconds that decoding one instance may take.")
    decode_memory_mib: MebiBytes = Field(1024, description="Memory in MiB that decoding one instance may take.")
    max_pixels: Count = Field(
        64_000_000, description="Rows x Columns x Frames above which an image is refused undecoded."
    )
    min_age_years: Annotated[int, Field(ge=0)] = Field(
        50,
        description="Patients younger than this are refused: T-scores are not meant for them. 0 reads every age.",
    )
    prediction_timeout_s: Seconds = Field(120, description="Seconds after which a hung prediction is killed.")

    @property
    def decode_memory_bytes(self) -> int:
        """Address space of the decoding process."""
        return self.decode_memory_mib << 20


class Jobs(Section):
    """How the queue treats its jobs."""

    lease_s: Seconds = Field(60, description="Seconds a claim lasts without a heartbeat.")
    max_attempts: Count = Field(5, description="Attempts at reading a study before it is parked.")
    backoff_s: Seconds = Field(5, description="Seconds before the second attempt; doubled for each one after it.")
    max_backoff_s: Seconds = Field(900, description="Longest wait between two attempts, in seconds.")
    give_up_delivery_after_s: Seconds = Field(
        604_800, description="Seconds for which a destination that cannot be reached is tried."
    )
    poll_s: Seconds = Field(
        0.1,
        description="Seconds between two looks into the queue; SQLite tells of a commit sooner.",
    )


class Model(Section):
    """What reads."""

    bundle: Path | None = Field(
        None,
        description="Folder of the bundle that the first start puts into service; left out: the one that ships.",
    )
    store: Path | None = Field(
        None, description="Folder of every model version, shared by all hosts; left out: models beside the spool."
    )
    public_key: Path | None = Field(
        None,
        description="Ed25519 public key (PEM) that must have signed the bundle; left out: none.",
    )


class Condition(Section):
    """One test of a selection rule on a header attribute."""

    attribute: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]+$")] = Field(
        description="Keyword of the attribute (PS3.6)."
    )
    equals: str | None = Field(None, description="Holds when a value is this, without regard to case.")
    matches: str | None = Field(None, description="Holds when this regular expression is found in a value.")
    is_present: bool | None = Field(None, description="Holds when the attribute has a value, or has none.")
    at_least: float | None = Field(None, description="Holds when the value is a number not below this.")
    at_most: float | None = Field(None, description="Holds when the value is a number not above this.")

    @field_validator("matches")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"is no regular expression ({error})") from error
        return pattern

    @model_validator(mode="after")
    def _tests_something(self) -> Self:
        tests = (self.equals, self.matches, self.is_present, self.at_least, self.at_most)
        if all(test is None for test in tests):
            raise ValueError("a condition needs one of: equals, matches, is_present, at_least, at_most")
        return self


class Rule(Section):
    """One selection rule; the first whose conditions all hold decides."""

    name: str = Field(description="Name of the rule, shown with its decision.")
    when: tuple[Condition, ...] = Field(
        (), description="Conditions that must all hold; none: the rule always holds."
    )
    read: bool = Field(description="Whether the instance is read as a spine image.")
    reason: str = Field(description="Why, in a sentence; {Keyword} stands for the attribute's value.")


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """The rules of the configuration that ships."""
    tables = tomllib.loads(shipped.CONFIG.read_text(encoding="utf-8"))
    return tuple(Rule(**rule) for rule in tables["selection"]["rules"])


class Selection(Section):
    """Which instances of a study are read."""

    rules: tuple[Rule, ...] = Field(
        default_factory=shipped_rules,
        description="Selection rules in the order in which they are tried; left out: those that ship.",
    )


class Log(Section):
    """How the program speaks."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is written.")
    format: Literal["auto", "json", "console"] = Field(
        "auto", description="json for machines, console for people; auto is console on a terminal."
    )


class Service(Section):
    """How processes are supervised."""

    shutdown_s: Seconds = Field(20, description="Seconds that work in hand has to end after SIGTERM.")
    station_name: str = Field("", description="Name of this installation in the SR; empty: the host's name.")
