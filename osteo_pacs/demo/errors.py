"""How a demonstration can fail."""

from __future__ import annotations

from osteo_pacs.errors import OsteoPacsError


class DemonstrationFailed(OsteoPacsError):
    """The demonstration did not come to its end."""
