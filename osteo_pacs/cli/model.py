"""``model``: what a model can do, in figures; its card; and how other networks do on the same data."""

from __future__ import annotations

import os
from json import dumps, loads
from pathlib import Path
from typing import Annotated, Any

import typer

from osteo_pacs.cli.model_options import Device, Threads, tell, typed
from osteo_pacs.cli.output import Json, print_json, print_table
from osteo_pacs.clock import utc_now
from osteo_pacs.shipped import BUNDLE

app = typer.Typer(help="Models: judged, known, in service and out.", no_args_is_help=True)

Bundle = Annotated[Path, typer.Option("--bundle", metavar="FOLDER", help="The bundle; else the shipped one.")]
Evidence = Annotated[Path, typer.Argument(metavar="FOLDER", help="What `model evaluate` wrote.")]
Output = Annotated[Path, typer.Option("--output", metavar="FOLDER", help="Where the evidence is written.")]
Page = Annotated[Path, typer.Option("--output", metavar="FILE", help="The Markdown page.")]
Images = Annotated[
    str, typer.Option("--images", metavar="FOLDER", help="Where its charts are written, relative to the page.")
]
Patients = Annotated[int, typer.Option("--patients", metavar="N", min=2, help="Of the locked test set.")]
OverlayPatients = Annotated[
    int, typer.Option("--overlay-patients", metavar="N", min=2, help="Read again with and without overlay.")
]
PerKind = Annotated[int, typer.Option("--per-kind", metavar="N", min=1, help="Pictures of each kind to refuse.")]
Resamples = Annotated[int, typer.Option("--resamples", metavar="N", min=1, help="Of the bootstrap.")]


@app.command()
def evaluate(
    context: typer.Context,
    *,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset", metavar="D", help="Read the test part of this data set instead, beside the active model."
        ),
    ] = None,
    output: Output = Path("build/evidence"),
    bundle: Bundle = BUNDLE,
    patients: Patients = 20_000,
    overlay_patients: OverlayPatients = 600,
    per_kind: PerKind = 100,
    resamples: Resamples = 1000,
    device: Device = "auto",
    threads: Threads = 0,
    json: Json = False,
) -> None:
    """Read the locked test set with a model, and write every figure.

    Each figure has its interval. The set has simulated patients that no training has seen, the same patients with
    and without burned-in lines, and pictures that must be refused, all on the worker's own way. The folder gets
    evidence.json and patients.csv. A goal that is not met is said, and does not change the exit code.

    With --dataset the bundle and the active model read the test part of that data set; the folder gets gate.html,
    gate.json and cases.jsonl. The gate's rules are shown, and nothing is recorded.
    """
    if dataset is not None:
        from osteo_pacs.cli.model_dataset import evaluate_on_dataset

        evaluate_on_dataset(context, dataset, bundle, output=output, device=device, threads=threads, is_json=json)
        return
    from osteo_pacs.evidence.record import write_evidence
    from osteo_pacs.evidence.summary import Bootstrap
    from osteo_pacs.retrain.judging.evaluate import Place, Plan, evaluate

    plan = Plan(patients, min(overlay_patients, patients), per_kind, Bootstrap(resamples))
    place = Place(device, threads or None, typed())
    found = evaluate(bundle, plan, place, utc_now, tell)
    write_evidence(output, found)
    goals = found.record["goals"]
    if json:
        print_json({"goals": goals, "test": found.record["test"]["model"]})
        return
    columns = ("goal", "limit", "figure", "is_met")
    print_table(columns, [[goal[column] for column in columns] for goal in goals], if_empty="No goals.")


@app.command()
def card(
    evidence: Evidence, *, output: Page = Path("build/model-card.md"), images: Images = "images/model-card"
) -> None:
    """Write the model card and its charts from the evidence."""
    from osteo_pacs.evidence.card import render_card
    from osteo_pacs.evidence.charts import draw_charts
    from osteo_pacs.evidence.record import read_evidence

    found = read_evidence(evidence)
    folder = output.parent / images
    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in draw_charts(found.rows, found.record["bundle"]["decision"]["threshold"]).items():
        (folder / name).write_text(chart, encoding="utf-8")
    sources = Path(os.path.relpath(evidence, output.parent)).as_posix()
    output.write_text(render_card(found.record, images, sources), encoding="utf-8")
    typer.echo(f"{output}")


@app.command()
def compare(
    *,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="The record, as JSON.")] = Path(
        "build/comparison.json"
    ),
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="A Markdown page of it, too.")
    ] = None,
    beside: Annotated[
        list[Path] | None,
        typer.Option("--beside", metavar="FILE", help="Another comparison's record that the page shows, too."),
    ] = None,
    bundle: Bundle = BUNDLE,
    networks: Annotated[
        list[str] | None,
        typer.Option(
            "--network", metavar="NAME", help="cnn21, resnet50, vgg16, vgg19 or inceptionv3; else all five."
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            "--weights", metavar="NAME=FILE", help="Pre-trained weights of a network; else from scratch."
        ),
    ] = None,
    patients: Annotated[int, typer.Option("--patients", metavar="N", min=10, help="Simulated patients.")] = 174,
    positives: Annotated[int, typer.Option("--positives", metavar="N", min=5, help="Osteoporotic ones.")] = 114,
    folds: Annotated[int, typer.Option("--folds", metavar="N", min=2, help="Of the cross-validation.")] = 5,
    size: Annotated[
        int, typer.Option("--size", metavar="N", min=75, help="Rows and columns that are seen.")
    ] = 224,
    epochs: Annotated[int, typer.Option("--epochs", metavar="N", min=1, help="Passes over the pictures.")] = 12,
    batch_size: Annotated[int, typer.Option("--batch-size", metavar="N", min=2, help="Pictures a step.")] = 32,
    device: Device = "auto",
    threads: Threads = 0,
) -> None:
    """Compare the 21-layer CNN with the paper's four other networks.

    All are trained alike and compared by cross-validation. The defaults have the paper's number of patients. A GPU
    needs minutes, a CPU many hours; a smaller size and fewer epochs show that it works. Every fold that is done is
    kept in a folder beside the record, FILE with the suffix .folds, until the record is written: the same command
    goes on after it; another command does not take it, and leaves it there. VGG and InceptionV3 need the package
    pytorchcv, which is installed without its requirements: python -m pip install --no-deps pytorchcv==0.0.74
    """
    from osteo_pacs.evidence.comparison import render_comparison
    from osteo_pacs.retrain.comparison.compare import Contest, compare
    from osteo_pacs.retrain.comparison.learning import Budget
    from osteo_pacs.retrain.judging.evaluate import Place

    others = [_record(file) for file in beside or ()]
    chosen = _networks(networks)
    contest = Contest(patients, min(positives, patients - 5), folds, chosen, _weights(weights, chosen))
    budget = Budget(size, epochs, batch_size)
    place = Place(device, threads or None, typed())
    folder = output.with_suffix(".folds")
    compared = compare(bundle, contest, budget, place=place, folder=folder, clock=utc_now, tell=tell)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(dumps(compared.record, indent=1) + "\n", encoding="utf-8")
    if page is not None:
        page.write_text(render_comparison([compared.record, *others]), encoding="utf-8")
    compared.kept.forget()
    typer.echo(str(output))


def _record(file: Path) -> dict[str, Any]:
    """A record that the page can show, found out before hours of training."""
    from osteo_pacs.evidence.comparison import render_comparison

    try:
        record: dict[str, Any] = loads(file.read_text(encoding="utf-8"))
        render_comparison([record])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise typer.BadParameter(
            f"{file} cannot be read as the record of a comparison", param_hint="--beside"
        ) from error
    return record


def _networks(asked: list[str] | None) -> tuple[str, ...]:
    from osteo_pacs.retrain.comparison.networks import TITLES

    unknown = [name for name in asked or () if name not in TITLES]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]}; there are {', '.join(TITLES)}", param_hint="--network")
    return tuple(asked or TITLES)


def _weights(given: list[str] | None, networks: tuple[str, ...]) -> dict[str, Path]:
    pairs = dict(pair.partition("=")[::2] for pair in given or ())
    for name, file in pairs.items():
        if name not in networks or not file:
            raise typer.BadParameter(f"{name}={file} is no NAME=FILE of these networks", param_hint="--weights")
    return {name: Path(file) for name, file in pairs.items()}
