"""``model list|show|import``: which model versions there are, what is known of each, and how one comes in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.label import rules_of
from osteo_pacs.cli.model import app
from osteo_pacs.cli.model_choice import Version, chosen_version
from osteo_pacs.cli.model_shadow import in_words, shadow_facts
from osteo_pacs.cli.output import Json, as_text, print_json, print_table
from osteo_pacs.cli.person import who_types
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.clock import utc_now

if TYPE_CHECKING:
    from osteo_pacs.db.gate_decisions import KnownDecision
    from osteo_pacs.db.model_serving import Serving
    from osteo_pacs.db.model_versions import Activation, KnownModelVersion
    from osteo_pacs.db.session import Session
    from osteo_pacs.labels.effective import LabelRules

__all__ = ["app"]

DIGITS = 12
SHOWN = ("id", "version", "state", "is_shadow", "activated_at", "retired_at", "workers", "bundle_sha256")
SIMULATED = "Trained on simulated images, not for clinical use."


@app.command("list")
def list_versions(context: typer.Context, *, json: Json = False) -> None:
    """List every model version, the newest last."""
    from osteo_pacs.db import model_serving, model_versions, shadow

    with opened_database(settings_of(context)) as database, database.read() as session:
        cast = shadow.current(session)
        serving = model_serving.list_serving(session, utc_now())
        rows = [
            version_facts(
                known,
                is_shadow=cast is not None and cast.model_version_id == known.id,
                workers=sum(each.model_version_id == known.id for each in serving),
            )
            for known in model_versions.list_model_versions(session)
        ]
    if json:
        print_json(rows)
        return
    cells = [[row[key][:DIGITS] if key == "bundle_sha256" else row[key] for key in SHOWN] for row in rows]
    print_table(SHOWN, cells, if_empty="No model version is known; the first start of a worker registers one.")


@app.command()
def show(context: typer.Context, version: Version, *, json: Json = False) -> None:
    """Show what is known of a model version.

    Its lineage, its times in service, what the gate said, the workers that read with it, and what it said as a
    shadow beside the version in service.
    """
    settings = settings_of(context)
    with opened_database(settings) as database, database.read() as session:
        facts = shown_facts(session, chosen_version(session, version), rules_of(settings))
    if json:
        print_json(facts)
        return
    for key in ("version", "id", "name", "state", "bundle_sha256", "weights_sha256", "created_at", "activated_at"):
        typer.echo(f"{key.replace('_', ' ')}: {as_text(facts[key])}")
    for key, value in facts["lineage"].items():
        typer.echo(f"{key.replace('_', ' ')}: {value}")
    for decision in facts["gate"]:
        typer.echo(f"gate: {_decided(decision)}")
    for worker in facts["serving"]:
        failure = (
            f", and could not load {worker['failed_version']}: {worker['failure']}" if worker["failure"] else ""
        )
        typer.echo(f"worker {worker['worker']}: reads with {worker['version']}{failure}")
    if facts["shadow"]["read"] or facts["shadow"]["failed"]:
        typer.echo(in_words(facts["shadow"]))
    if facts["is_demonstration"]:
        typer.echo(SIMULATED)


@app.command("import")
def import_bundle(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The sealed bundle.")],
    *,
    dataset: Annotated[
        str, typer.Option("--dataset", metavar="DIGEST", help="Digest of the data set that it was trained on.")
    ] = "",
    parent: Annotated[
        str, typer.Option("--parent", metavar="VERSION", help="The version that its training began with.")
    ] = "",
    command: Annotated[str, typer.Option("--made-by", metavar="TEXT", help="The command that made it.")] = "",
    code_version: Annotated[
        str, typer.Option("--code-version", metavar="TEXT", help="Version of the program that made it.")
    ] = "",
    json: Json = False,
) -> None:
    """Bring a bundle into the model store as a candidate.

    The bundle is verified against its manifest, and against the signature where the configuration has a key, and
    copied; the folder is not needed any more. A bundle that is known stays as it is. Nothing reads with it yet.
    """
    from osteo_pacs.retrain.registry.adopt import Lineage, adopt

    settings = settings_of(context)
    with opened_database(settings) as database:
        with database.read() as session:
            parent_sha256 = chosen_version(session, parent).bundle_sha256 if parent else None
        lineage = Lineage(dataset or None, parent_sha256, command or None, code_version or None)
        key = settings.model.public_key
        known = adopt(database, settings.model_store, folder, lineage, utc_now(), public_key=key, by=who_types())
    if json:
        print_json(version_facts(known, is_shadow=False, workers=0))
        return
    typer.echo(f"Model version {known.version} is number {known.id}, {known.state}.")
    if known.state == "candidate":
        typer.echo(f"`osteo-pacs model gate {known.version}` judges it against the version in service.", err=True)


def version_facts(known: KnownModelVersion, *, is_shadow: bool, workers: int) -> dict[str, Any]:
    """A version as JSON."""
    return {
        "id": known.id,
        "name": known.name,
        "version": known.version,
        "state": known.state,
        "is_shadow": is_shadow,
        "is_demonstration": known.facts.get("is_demonstration"),
        "bundle_sha256": known.bundle_sha256,
        "weights_sha256": known.weights_sha256,
        "device_uid": known.device_uid,
        "created_at": known.created_at,
        "activated_at": known.activated_at,
        "retired_at": known.retired_at,
        "workers": workers,
    }


def shown_facts(session: Session, known: KnownModelVersion, rules: LabelRules) -> dict[str, Any]:
    """Everything that is known of a version as JSON."""
    from osteo_pacs.db import gate_decisions, model_serving, model_versions, shadow

    now = utc_now()
    cast = shadow.current(session)
    telling = [
        each
        for each in model_serving.list_serving(session, now)
        if known.id in {each.model_version_id, each.failed_model_version_id}
    ]
    in_service = [each for each in model_versions.list_activations(session) if each.model_version_id == known.id]
    versions = {each.id: each.version for each in model_versions.list_model_versions(session)}
    decisions = gate_decisions.list_decisions(session, known.id)
    facts = version_facts(
        known,
        is_shadow=cast is not None and cast.model_version_id == known.id,
        workers=sum(each.model_version_id == known.id for each in telling),
    )
    return {
        **facts,
        "lineage": known.facts.get("lineage", {}),
        "metadata": {key: value for key, value in known.facts.items() if key != "lineage"},
        "activations": [activation_facts(each) for each in in_service],
        "gate": [decision_facts(each, versions) for each in decisions],
        "serving": [serving_facts(each, versions) for each in telling],
        "shadow": shadow_facts(session, known.id, rules),
    }


def activation_facts(activation: Activation) -> dict[str, Any]:
    """A time in service as JSON."""
    return {"activated_at": activation.activated_at, "is_rollback": activation.is_rollback}


def decision_facts(decision: KnownDecision, versions: dict[int, str]) -> dict[str, Any]:
    """What the gate, or a person without it, decided, as JSON."""
    return {
        "against": versions.get(decision.against_model_version_id or 0),
        "is_passed": decision.is_passed,
        "dataset_sha256": decision.dataset_sha256,
        "override_by": decision.override_by,
        "override_reason": decision.override_reason,
        "created_at": decision.created_at,
        "record": decision.record,
    }


def serving_facts(serving: Serving, versions: dict[int, str]) -> dict[str, Any]:
    """A worker and its version as JSON."""
    return {
        "worker": serving.worker,
        "version": versions[serving.model_version_id],
        "since": serving.since,
        "seen_at": serving.seen_at,
        "failed_version": versions.get(serving.failed_model_version_id or 0),
        "failure": serving.failure,
    }


def _decided(decision: dict[str, Any]) -> str:
    if decision["override_by"]:
        said = f"promoted without it by {decision['override_by']}: {decision['override_reason']}"
    else:
        said = "passed" if decision["is_passed"] else "not passed"
    return f"{as_text(decision['created_at'])} against {decision['against'] or 'none'}, {said}"
