"""``label``: what was said of studies, by whom, and what of it counts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osteo_pacs.cli.choices import LabelName
from osteo_pacs.cli.output import Json, as_text, print_json, print_table
from osteo_pacs.cli.program import NotFound, opened_database, settings_of

if TYPE_CHECKING:
    from osteo_pacs.config import Settings
    from osteo_pacs.db.feedback import KnownDocument
    from osteo_pacs.db.labels import KnownLabel, LabelledStudy
    from osteo_pacs.db.session import Session
    from osteo_pacs.labels.effective import Effective, LabelRules

app = typer.Typer(help="See and settle what models are trained on.", no_args_is_help=True)

StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="The study, by its Study Instance UID or its accession number.")
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="The latest N.")]


@app.command("list")
def list_(
    context: typer.Context,
    *,
    label: Annotated[
        list[LabelName] | None,
        typer.Option(
            "--label", metavar="LABEL", help=f"Studies with it: {', '.join(LabelName)}. May be repeated."
        ),
    ] = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List the labelled studies with what counts."""
    found = _judged(context)
    wanted = [(study, what) for study, what in reversed(found) if not label or str(what.says) in label]
    _show(wanted[:limit], if_empty="No labels.", is_json=json)


@app.command()
def conflicts(context: typer.Context, *, json: Json = False) -> None:
    """List the studies whose sources disagree."""
    disputed = [(study, what) for study, what in _judged(context) if what.is_conflicting]
    _show(disputed, if_empty="No conflicts.", is_json=json)


@app.command()
def show(context: typer.Context, study: StudyName, *, json: Json = False) -> None:
    """Show all that was said of one study.

    What was made of the documents that came of it stands there, too.
    """
    from osteo_pacs.db.feedback import documents_of
    from osteo_pacs.db.labels import LabelledStudy, list_labels

    settings = settings_of(context)
    with opened_database(settings) as database, database.read() as session:
        study_id, uid = one_study(session, study)
        found = LabelledStudy(study_id, uid, tuple(list_labels(session, study_id)))
        documents = documents_of(session, study_id)
    what = _judge(found, rules_of(settings))
    if json:
        lists = {
            "labels": [label_facts(label) for label in found.labels],
            "documents": [document_facts(document) for document in documents],
        }
        print_json(study_facts(found, what) | lists)
        return
    _explain(found, what, documents)


@app.command()
def export(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", dir_okay=False, help="Where it is written; else standard output."),
    ] = None,
) -> None:
    """Write every statement as CSV."""
    from osteo_pacs.db.labels import labelled_studies
    from osteo_pacs.labels.csv_file import as_csv
    from osteo_pacs.labels.effective import Says

    with opened_database(settings_of(context)) as database, database.read() as session:
        studies = labelled_studies(session)
    text = as_csv(
        (study.study_instance_uid, Says.of(said.is_positive), said.author, said.labelled_at, said.source)
        for study in studies
        for said in study.labels
    )
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8")


def study_facts(study: LabelledStudy, what: Effective) -> dict[str, Any]:
    """A labelled study; ``label`` is null where nothing was said."""
    newest = max((one.labelled_at for one in study.labels), default=None)
    return {
        "study_instance_uid": study.study_instance_uid,
        "label": what.says,
        "source": what.source,
        "is_conflicting": what.is_conflicting,
        "statements": len(study.labels),
        "labelled_at": newest,
    }


def label_facts(label: KnownLabel) -> dict[str, Any]:
    """A statement on a study."""
    from osteo_pacs.labels.effective import Says

    return {
        "id": label.id,
        "label": Says.of(label.is_positive),
        "source": label.source,
        "author": label.author,
        "labelled_at": label.labelled_at,
        "created_at": label.created_at,
        "facts": label.facts,
    }


def document_facts(document: KnownDocument) -> dict[str, Any]:
    """A document that came, and what was made of it."""
    return {
        "sop_instance_uid": document.sop_instance_uid,
        "sop_class_uid": document.sop_class_uid,
        "state": document.state,
        "reason": document.reason,
        "received_at": document.received_at,
        "interpreted_at": document.interpreted_at,
    }


def one_study(session: Session, name: str) -> tuple[int, str]:
    """The id and UID of the study that was named.

    Raises:
        NotFound: there is none, or there are several.
    """
    from osteo_pacs.db.labels import find_studies

    found = find_studies(session, name)
    if len(found) > 1:
        uids = ", ".join(uid for _, uid in found)
        raise NotFound("one study of that accession number.", remedy=f"Name it by its UID: {uids}.")
    if not found:
        raise NotFound(f"study {name}.", remedy="`osteo-pacs study list` shows the whole UIDs.")
    return found[0]


def rules_of(settings: Settings) -> LabelRules:
    """The rules of [labels]."""
    from osteo_pacs.labels.effective import LabelRules

    return LabelRules.of(settings.labels.precedence, settings.labels.t_score_cut_off)


def _judged(context: typer.Context) -> list[tuple[LabelledStudy, Effective]]:
    from osteo_pacs.db.labels import labelled_studies

    settings = settings_of(context)
    with opened_database(settings) as database, database.read() as session:
        studies = labelled_studies(session)
    return [(study, _judge(study, rules_of(settings))) for study in studies]


def _judge(study: LabelledStudy, rules: LabelRules) -> Effective:
    from osteo_pacs.labels.effective import effective

    return effective([label.statement for label in study.labels], rules)


def _show(found: list[tuple[LabelledStudy, Effective]], *, if_empty: str, is_json: bool) -> None:
    rows = [study_facts(study, what) for study, what in found]
    if is_json:
        print_json(rows)
        return
    columns = ("label", "source", "is_conflicting", "statements", "labelled_at", "study_instance_uid")
    print_table(
        columns, [[row[column] for column in columns] for row in rows], if_empty=if_empty, below=columns[-1:]
    )


def _explain(study: LabelledStudy, what: Effective, documents: list[KnownDocument]) -> None:
    typer.echo(f"Study {study.study_instance_uid}")
    if what.says is None:
        typer.echo("Not labelled.")
    else:
        disputed = "; sources disagree" if what.is_conflicting else ""
        typer.echo(f"{what.says} from {what.source}{disputed}")
    typer.echo("\nStatements")
    said = [label_facts(label) for label in study.labels]
    columns = ("label", "source", "author", "labelled_at")
    print_table(columns, [[one[column] for column in columns] for one in said], if_empty="None.")
    typer.echo("\nDocuments")
    rows = [(one.state, as_text(one.received_at), one.reason, one.sop_instance_uid) for one in documents]
    print_table(
        ("state", "received_at", "reason", "sop_instance_uid"), rows, if_empty="None.", below=("sop_instance_uid",)
    )
    if what.is_conflicting:
        typer.echo(
            f"\nNext: `osteo-pacs label resolve {study.study_instance_uid} positive --reason TEXT`, or negative."
        )
