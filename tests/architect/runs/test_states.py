"""The life of a run."""

from __future__ import annotations

import itertools
import uuid

import pytest

from architect.designs.services import design_create
from architect.refusals import NotFound
from architect.runs.models import Run
from architect.runs.services import Asked, IllegalMove, run_create, run_move
from architect.runs.states import ENDINGS, GOING, LEGAL_MOVES, RunStatus, sources_of
from tests.architect.samples import work_queue


def test_every_state_has_its_row_and_endings_lead_nowhere() -> None:
    assert set(LEGAL_MOVES) == set(RunStatus)
    assert {status for status, targets in LEGAL_MOVES.items() if not targets} == ENDINGS


def test_from_every_going_state_a_run_can_be_cancelled_and_can_fail() -> None:
    for status in GOING:
        assert {RunStatus.CANCELLED, RunStatus.FAILED} <= LEGAL_MOVES[status]


def test_sources_are_the_table_read_backwards() -> None:
    for source, target in itertools.product(RunStatus, RunStatus):
        assert (source in sources_of(target)) == (target in LEGAL_MOVES[source])


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), list(itertools.product(RunStatus, RunStatus)))
def test_a_move_happens_exactly_when_it_is_legal(source: RunStatus, target: RunStatus) -> None:
    run = run_create(design_create(work_queue()).id, Asked())
    Run.objects.filter(id=run.id).update(status=source)
    if target in LEGAL_MOVES[source]:
        assert run_move(run.id, target).status == target
    else:
        with pytest.raises(IllegalMove, match=f"The run is {source}"):
            run_move(run.id, target)
        assert Run.objects.get(id=run.id).status == source


@pytest.mark.django_db
def test_a_run_that_does_not_exist_cannot_move() -> None:
    with pytest.raises(NotFound):
        run_move(uuid.uuid4(), RunStatus.RUNNING)
