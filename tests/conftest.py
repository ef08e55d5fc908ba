"""What holds for every test."""

import pytest
import structlog


@pytest.fixture(autouse=True)
def _log_as_it_was():
    """A command that a test runs within this process configures the log, and the next test must not feel it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
