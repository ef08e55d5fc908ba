"""Workers that fail, freeze and come back, with leases that end under them: every job is finished once."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from rows import NOW, add_jobs, claim
from sqlalchemy import text

from osteo_pacs.clock import utc_now
from osteo_pacs.db.session import Database
from osteo_pacs.jobs import listing, queue, rescue
from osteo_pacs.jobs.queue import ClaimLost

JOBS = 40
WORKERS = 4
END_SOME_LEASES = text("UPDATE job SET lease_expires_at = :past WHERE state = 'claimed' AND id % 3 = :rest")


class Turmoil:
    """What the workers of one test share."""

    def __init__(self, database):
        self.url = database.url.render_as_string(hide_password=False)
        self.finished = []
        self.frozen = []
        self.errors = []
        self.all_done = threading.Event()

    def work(self, seed):
        """Claims until every job is done; what happens to a claim is left to chance."""
        database, random = Database(self.url), Random(seed)  # noqa: S311 - chance, no secret
        try:
            while not self.all_done.is_set():
                for held in claim(database, limit=2, worker=str(seed)):
                    self.attempt(database, held, random)
        except Exception as error:  # noqa: BLE001 - the test tells it
            self.errors.append(error)
        finally:
            database.close()

    def attempt(self, database, held, random):
        try:
            with database.write() as session:
                match random.choice(["finish", "finish", "retry", "release", "freeze"]):
                    case "finish":
                        queue.complete(session, held, NOW)
                    case "retry":
                        queue.retry_at(session, held, utc_now() - timedelta(seconds=1), "chance")
                        return
                    case "release":
                        queue.release(session, held)
                        return
                    case _:
                        self.frozen.append(held)
                        return
        except ClaimLost:
            return
        self.finished.append(held.job_id)

    def thaw(self, database):
        """Every frozen worker tries to finish what it once claimed."""
        while self.frozen:
            held = self.frozen.pop()
            try:
                with database.write() as session:
                    queue.complete(session, held, NOW)
            except ClaimLost:
                continue
            self.finished.append(held.job_id)


@pytest.mark.timeout(120)
def test_no_job_is_lost_and_none_is_finished_twice(database):
    job_ids, turmoil = add_jobs(database, JOBS), Turmoil(database)
    workers = [threading.Thread(target=turmoil.work, args=(seed,)) for seed in range(WORKERS)]
    for worker in workers:
        worker.start()
    past = str(NOW.replace(tzinfo=None)) + ".000000" if database.is_sqlite else NOW
    rounds = 0
    while len(turmoil.finished) < JOBS and not turmoil.errors:
        with database.write() as session:
            session.execute(END_SOME_LEASES, {"past": past, "rest": rounds % 3})
        rescue.rescue_expired(database, max_attempts=10**6)
        if rounds % 5 == 4:
            turmoil.thaw(database)
        rounds += 1
    turmoil.all_done.set()
    for worker in workers:
        worker.join(60)
    turmoil.thaw(database)
    assert turmoil.errors == []
    assert Counter(turmoil.finished) == Counter(job_ids)
    with database.read() as session:
        assert set(listing.count_jobs(session)) == {("infer", "completed")}
