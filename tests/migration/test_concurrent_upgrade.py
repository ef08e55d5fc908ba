"""Several processes that start together upgrade one after the other, on both databases."""

from __future__ import annotations

import subprocess
import sys

from osteo_pacs.db import migrate, revision

UPGRADE = """
import sys
from osteo_pacs.db import migrate
from osteo_pacs.db.session import Database

print("ready", flush=True)
sys.stdin.read()
assert migrate.upgrade(Database(sys.argv[1])).is_at_head
"""


def test_processes_that_upgrade_at_once_all_find_the_database_at_head(empty_database):
    command = [sys.executable, "-W", "error", "-c", UPGRADE]
    url = empty_database.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen([*command, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)
    ]
    for process in processes:
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    for process in processes:
        process.stdout.close()
    assert revision.status(empty_database).is_at_head
    assert migrate.differences(empty_database) == []
