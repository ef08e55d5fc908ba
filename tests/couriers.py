"""A courier in a thread, with waits that suit a test."""

import threading
from contextlib import contextmanager

from osteo_pacs.config import Destination, Settings
from osteo_pacs.courier import run_courier
from outgoing import job
from peers import until


def settings(*destinations, **jobs):
    return Settings(
        destinations=destinations,
        jobs={"backoff_s": 0.05, "max_backoff_s": 0.2, "poll_s": 0.02} | jobs,
        service={"shutdown_s": 4},
    )


def destination(port, name="pacs", **keys):
    return Destination(**{"name": name, "host": "127.0.0.1", "port": port, "ae_title": "PACS"} | keys)


@contextmanager
def courier(database, config):
    stop, ready, failures = threading.Event(), threading.Event(), []

    def run():
        try:
            run_courier(config, database, stop, ready.set)
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(5)
    try:
        yield thread
    finally:
        stop.set()
        thread.join(config.service.shutdown_s + 1)
    assert not thread.is_alive()
    assert failures == []


def reaches(database, job_id, state, timeout_s=10):
    until(lambda: job(database, job_id).state == state, timeout_s=timeout_s, what=f"job {job_id} is {state}")
    return job(database, job_id)
