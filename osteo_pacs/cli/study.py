"""``study``: what came, how far it is, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.output import Json, as_text, print_json, print_table
from osteo_pacs.cli.program import opened_database, settings_of
from osteo_pacs.cli.study_options import (
    Accession,
    Since,
    States,
    Text,
    Until,
    no_study,
    studies_of,
    study_filter,
)

if TYPE_CHECKING:
    from osteo_pacs.db.deliveries import DeliverySummary
    from osteo_pacs.db.reports import ReportSummary
    from osteo_pacs.jobs.progress import InstanceSummary, StudySummary

UID = ("sop_instance_uid",)

app = typer.Typer(help="See the studies; read them again, forget them.", no_args_is_help=True)

Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="The latest N.")]
StudyUid = Annotated[str, typer.Argument(metavar="STUDY_INSTANCE_UID", help="The study.")]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    limit: Limit = 50,
    state: States = None,
    since: Since = None,
    until: Until = None,
    accession: Accession = None,
    text: Text = None,
    json: Json = False,
) -> None:
    """List the studies, the latest first."""
    wanted = study_filter(None, since, until, accession, text)
    with opened_database(settings_of(context)) as database, database.read() as session:
        studies = studies_of(session, wanted, state, limit)
    if json:
        print_json([study_facts(study) for study in studies])
        return
    columns = ("study_instance_uid", "state", "outcome", "instances", "received_at")
    rows = [[getattr(study, column) for column in columns] for study in studies]
    print_table(columns, rows, if_empty="No studies.", below=columns[:1])


@app.command()
def show(context: typer.Context, study_instance_uid: StudyUid, *, json: Json = False) -> None:
    """Explain one study: what was read, why, where its reports went."""
    from osteo_pacs.db.deliveries import list_deliveries
    from osteo_pacs.db.reports import list_reports
    from osteo_pacs.jobs.progress import find_study, list_instances

    with opened_database(settings_of(context)) as database, database.read() as session:
        study = find_study(session, study_instance_uid)
        if study is None:
            raise no_study(study_instance_uid)
        instances = list_instances(session, study.study_id)
        reports = list_reports(session, study.study_id)
        deliveries = list_deliveries(session, study.study_id)
    if json:
        print_json(
            study_facts(study)
            | {
                "instances": [instance_facts(instance) for instance in instances],
                "reports": [report_facts(report) for report in reports],
                "deliveries": [delivery_facts(delivery) for delivery in deliveries],
            }
        )
        return
    _explain(study, instances, reports, deliveries)


def study_facts(study: StudySummary) -> dict[str, Any]:
    """A row of ``study list``; ``instances`` is their number."""
    return {
        "study_instance_uid": study.study_instance_uid,
        "state": study.state,
        "instances": study.instances,
        "received_at": study.received_at,
        "last_received_at": study.last_received_at,
        "complete_reason": study.complete_reason,
        "completed_at": study.completed_at,
        "outcome": study.outcome,
        "result_reason": study.result_reason,
    }


def instance_facts(instance: InstanceSummary) -> dict[str, Any]:
    """An instance; ``selected`` is null while nothing has looked at it, ``removed_at`` while its file is kept."""
    return {
        "sop_instance_uid": instance.sop_instance_uid,
        "sop_class_uid": instance.sop_class_uid,
        "transfer_syntax_uid": instance.transfer_syntax_uid,
        "selected": instance.is_selected,
        "reason": instance.reason,
        "size_bytes": instance.size_bytes,
        "calling_ae_title": instance.calling_ae_title,
        "received_at": instance.received_at,
        "removed_at": instance.removed_at,
    }


def report_facts(report: ReportSummary) -> dict[str, Any]:
    """A report; ``supersedes`` is the SOP Instance UID of the one before."""
    return {
        "sop_instance_uid": report.sop_instance_uid,
        "outcome": report.outcome,
        "probability": report.probability,
        "model_version": report.model_version,
        "revision": report.revision,
        "supersedes": report.supersedes,
        "created_at": report.created_at,
    }


def delivery_facts(delivery: DeliverySummary) -> dict[str, Any]:
    """A delivery; its state is its job's."""
    return {
        "destination": delivery.destination,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "last_error": delivery.last_error,
        "warning": delivery.warning,
        "delivered_at": delivery.delivered_at,
        "revision": delivery.revision,
        "job_id": delivery.job_id,
    }


def _explain(
    study: StudySummary,
    instances: list[InstanceSummary],
    reports: list[ReportSummary],
    deliveries: list[DeliverySummary],
) -> None:
    typer.echo(f"Study {study.study_instance_uid}")
    complete = f"complete by {study.complete_reason}" if study.complete_reason else "still open"
    typer.echo(f"{study.state}; {study.instances} instances since {as_text(study.received_at)}, {complete}")
    if study.result_reason:
        typer.echo(study.result_reason)
    _section("Instances")
    rows = [(i.is_selected, i.reason or "not looked at yet", i.sop_instance_uid) for i in instances]
    print_table(("selected", "reason", "sop_instance_uid"), rows, if_empty="None.", below=UID)
    if removed := [instance.removed_at for instance in instances if instance.removed_at]:
        typer.echo(
            f"{len(removed)} of {len(instances)} were removed from the spool, last {as_text(max(removed))}."
        )
    if reports:
        _section("Reports")
        reported = [
            (r.revision, r.outcome, _percent(r.probability), r.model_version, r.sop_instance_uid) for r in reports
        ]
        print_table(
            ("revision", "outcome", "probability", "model", "sop_instance_uid"), reported, if_empty="", below=UID
        )
    if deliveries:
        _section("Deliveries")
        sent = [(d.destination, d.revision, d.state, d.attempts, d.last_error or d.warning) for d in deliveries]
        print_table(
            ("destination", "revision", "state", "attempts", "last_error"),
            sent,
            if_empty="",
            below=("last_error",),
        )
    if hint := next_command(study, deliveries):
        typer.echo(f"\nNext: {hint}")


def next_command(study: StudySummary, deliveries: list[DeliverySummary]) -> str:
    """What one would type next; nothing where all is well."""
    parked = [delivery.job_id for delivery in deliveries if delivery.state == "parked"]
    if parked:
        return f"mend what the error says, then `osteo-pacs queue retry {' '.join(map(str, parked))}`."
    if study.state in {"parked", "cancelled"}:
        return f"`osteo-pacs queue list --study {study.study_instance_uid}`, then `osteo-pacs queue retry ID`."
    if study.state == "reported" and study.outcome != "refused" and not deliveries:
        return "nothing is sent without [[destinations]] in the configuration."
    return ""


def _section(title: str) -> None:
    typer.echo(f"\n{title}")


def _percent(probability: float | None) -> str:
    return "" if probability is None else f"{100 * probability:.1f} %"
