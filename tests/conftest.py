"""What holds for every test."""

import pytest
import structlog
from hypothesis import settings

# One run is like another: `pytest --hypothesis-profile=default` searches anew.
settings.register_profile("same-every-time", derandomize=True, deadline=None)
settings.load_profile("same-every-time")


@pytest.fixture(autouse=True)
def _log_as_it_was():
    """A command that a test runs within this process configures the log, and the next test must not feel it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
