"""What holds for every test."""

import pytest
import structlog


@pytest.fixture(autouse=True)
def _log_as_at_the_start():
    """A command that a test runs within this process configures the log, and the next test must not feel it."""
    yield
    structlog.reset_defaults()
