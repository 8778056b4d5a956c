"""The result of a run or of an experiment as a document for a design review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from django.http import HttpResponse

from architect.designs import documents
from architect.designs.exporting import attachment
from architect.refusals import invalid_design

Form = Literal["html", "pdf"]


#: Words of one's own in a report.
WORDS = ("title", "authors", "notes")


def words_of(*sources: Mapping[str, Any]) -> dict[str, str]:
    """Title, authors and notes: of the last source that has them."""
    return {name: next((str(one[name]) for one in reversed(sources) if one.get(name)), "") for name in WORDS}


def report(
    data: object, result: dict[str, Any], form: Form, *, title: str, authors: str, notes: str
) -> HttpResponse:
    """The report as an attachment; raises Invalid when the document is not valid any more."""
    from simulator.report.experiment_kinds import is_experiment
    from simulator.report.paper.content import paper_of
    from simulator.report.paper.experiments import experiment_paper

    document, problems = documents.problems_of(data)
    if document is None:
        raise invalid_design(problems)
    make = experiment_paper if is_experiment(result) else paper_of
    paper = make(document, result, problems, title=title, authors=authors, notes=notes)
    if form == "html":
        from simulator.report.paper.html import html

        return attachment(html(paper), "text/html; charset=utf-8", document.name, ".report.html")
    from simulator.report.paper.pdf import pdf

    return attachment(pdf(paper), "application/pdf", document.name, ".report.pdf")
