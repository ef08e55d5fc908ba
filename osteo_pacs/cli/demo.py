"""``demo``: the main job from end to end on this machine, and what a reader sees of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osteo_pacs.cli.output import console

if TYPE_CHECKING:
    from osteo_pacs.demo import Story

Folder = Annotated[
    Path, typer.Option("--folder", metavar="FOLDER", help="Where it works; an earlier demonstration's files go.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Which simulated patient is sent.")]


def demo(*, folder: Folder = Path("build/demo"), seed: Seed = 3) -> None:
    """Run the whole way once: a study in, a report back.

    A simulated study goes in by C-STORE, and its Structured Report comes back to a small PACS. It needs no
    configuration, takes free ports, and leaves nothing running. The files stay in the folder.
    """
    from osteo_pacs.demo import run_demo

    console().print(f"A simulated spine DXA study on its way; everything lies in {folder}.\n")
    show(run_demo(folder.absolute(), seed=seed))


def show(story: Story) -> None:
    """What was read, the report as a reader sees it, the seconds, and where the files lie."""
    from osteo_pacs.dicom import sop_classes
    from osteo_pacs.report import reader_view

    report = story.reports[sop_classes.COMPREHENSIVE_3D_SR]
    out = console()
    out.print("What was read, and why the rest was not")
    for place, instance in enumerate(story.study["instances"], start=1):
        mark = "read    " if instance["selected"] else "not read"
        out.print(f"  {place}  {mark}  {instance['reason']}", highlight=False)
    out.print("\nThe Structured Report as the PACS has it")
    out.print(reader_view(report.read_bytes()), soft_wrap=True, highlight=False, markup=False)
    out.print("Seconds")
    for step, seconds in story.seconds.items():
        out.print(f"  {seconds:6.2f}  {step}", highlight=False)
    for step in ("queued_s", "decode_s", "predict_s", "report_s", "commit_s"):
        out.print(f"  {story.read.get(step, 0.0):6.3f}    of which {step.removesuffix('_s')}", highlight=False)
    out.print("\nWhere it lies", highlight=False)
    out.print(f"  SR    {report}", soft_wrap=True, highlight=False)
    out.print(f"  text  {story.reports[sop_classes.BASIC_TEXT_SR]}", soft_wrap=True, highlight=False)
    if picture := story.reports.get(sop_classes.SECONDARY_CAPTURE):
        out.print(f"  image {picture}", soft_wrap=True, highlight=False)
    out.print(f"  log   {story.folder / 'log.jsonl'}", soft_wrap=True, highlight=False)
