"""The trainer under supervision: it runs while a training waits or runs, and not otherwise."""

from __future__ import annotations

import time
from pathlib import Path

from osteo_pacs import log
from osteo_pacs.config import Settings
from osteo_pacs.db import training_runs
from osteo_pacs.db.session import Database, DatabaseUnavailable
from osteo_pacs.service.activity import died, tell
from osteo_pacs.service.child import Child

LOOK_EVERY_S = 2.0


class TrainerOnDemand:
    """Looks now and then whether a training waits; a trainer that finds none any more ends by itself."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.child = Child("trainer", 1, "--until-idle")
        self._is_allowed = settings.training.on_demand
        self._database = database
        self._look_at_s = 0.0

    def start_if_wanted(self, config: Path) -> None:
        """Notes how the last one ended, and starts one where a training waits."""
        self._note_end()
        if self._is_allowed and not self.child.is_running and self._is_wanted():
            self.child.start_if_due(config)

    def _note_end(self) -> None:
        death = self.child.note_death()
        if death and death.exit_code:
            # A refusal ends nothing here: the service can go on without a trainer.
            log.get_logger().error(
                "process_died", name=death.name, exit_code=death.exit_code, seconds=death.restart_s
            )
            tell(self._database, died(death.name, death.pid, death.exit_code))

    def _is_wanted(self) -> bool:
        if time.monotonic() < self._look_at_s:
            return False
        self._look_at_s = time.monotonic() + LOOK_EVERY_S
        try:
            with self._database.read() as session:
                return training_runs.waits(session)
        except DatabaseUnavailable:
            # The others tell of it.
            return False
