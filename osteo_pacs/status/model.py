"""The model in service."""

from __future__ import annotations

from osteo_pacs.db.model_versions import active
from osteo_pacs.status.section import Section, View, ago

SIMULATED = "trained on simulated images, not for clinical use"


def look(view: View) -> Section:
    """Its version, since when it reads, and what it was trained on."""
    found = active(view.session)
    if found is None:
        return Section("model", None, ("None has been in service: no worker has started yet.",))
    is_demonstration = found.facts.get("is_demonstration")
    facts = {
        "name": found.name,
        "version": found.version,
        "activated_at": found.activated_at,
        "weights_sha256": found.weights_sha256,
        "is_demonstration": is_demonstration,
    }
    since = f"since {ago(view.now - found.activated_at)}" if found.activated_at else ""
    line = f"{found.name} {found.version}  {since}"
    return Section("model", facts, (line, SIMULATED) if is_demonstration else (line,))
