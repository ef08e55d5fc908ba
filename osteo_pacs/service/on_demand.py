"""A process that runs only while it has something to do: the supervisor asks the database now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from osteo_pacs.db import shadow
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.service.child import Child

ASK_EVERY_S = 2.0


class OnDemand:
    """A child, and whether it is wanted."""

    def __init__(
        self, child: Child, is_wanted: Callable[[], bool], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.child = child
        self._is_wanted = is_wanted
        self._monotonic = monotonic
        self._ask_at_s = 0.0
        self._was_wanted = False

    def follow(self, config: Path) -> None:
        """Starts it, or asks it to end."""
        if self._monotonic() >= self._ask_at_s:
            self._ask_at_s = self._monotonic() + ASK_EVERY_S
            self._was_wanted = self._is_wanted()
        if self._was_wanted:
            self.child.start_if_due(config)
        else:
            self.child.ask_to_end()


def shadow_on_demand(database: Database) -> OnDemand:
    """The process of the shadow, wanted while a version is cast as one."""

    def is_wanted() -> bool:
        try:
            with database.read() as session:
                return shadow.current(session) is not None
        except DatabaseUnavailable:
            return False

    return OnDemand(Child("shadow", 1), is_wanted)
