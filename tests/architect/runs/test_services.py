"""Queueing, storing, ending runs."""

from __future__ import annotations

import json
import uuid

import pytest

from architect.designs.models import Design
from architect.designs.services import design_create, design_save
from architect.refusals import Conflict, Invalid, NotFound, TooMany
from architect.runs import selectors, services
from architect.runs.models import Run, RunFrame
from architect.runs.services import Asked
from architect.runs.states import RunStatus
from tests.architect.samples import work_queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def design() -> Design:
    """A design that can run."""
    return design_create(work_queue(seed=7))


@pytest.fixture
def run(design: Design) -> Run:
    """A run that is going."""
    queued = services.run_create(design.id, Asked())
    services.run_move(queued.id, RunStatus.STARTING)
    return services.run_move(queued.id, RunStatus.RUNNING)


def frame(seq: int, **more: object) -> tuple[int, str]:
    """A stored frame."""
    return seq, json.dumps({"seq": seq, "t": float(seq), "nodes": {"web": {"in_flight": seq}}, **more})


def test_a_run_keeps_the_snapshot_the_seed_and_the_versions(design: Design) -> None:
    run = services.run_create(design.id, Asked(speed=10.0))
    design_save(design.id, version=1, data=work_queue(name="Changed later"))
    assert run.document["name"] == "Work queue"
    assert (run.seed, run.speed, run.duration, run.design_version) == (7, 10.0, 60.0, 1)
    assert run.digest.startswith("sha256:")
    assert set(run.versions) == {"headrace", "simpy", "numpy", "python"}


def test_what_was_asked_for_goes_before_the_document(design: Design) -> None:
    run = services.run_create(design.id, Asked(seed=9, duration=5.0, warmup=1.0, replications=3))
    assert (run.seed, run.duration) == (9, 5.0)
    assert run.options == {"duration": 5.0, "warmup": 1.0, "replications": 3}
    assert run.estimate["messages"] == pytest.approx(50 * 5 * 3)


def test_a_repeat_has_the_same_snapshot_seed_and_options_even_after_the_design_changed(
    design: Design,
) -> None:
    run = services.run_create(design.id, Asked(seed=9, duration=5.0))
    design_save(design.id, version=1, data=work_queue(name="Changed later"))
    again = services.run_repeat(run.id)
    assert again.id != run.id
    assert (again.document, again.seed, again.options, again.digest) == (
        run.document,
        run.seed,
        run.options,
        run.digest,
    )


def test_a_design_without_a_producer_does_not_start_and_says_why() -> None:
    blank = design_create({"format": "headrace/1", "name": "Blank", "nodes": [], "edges": []})
    with pytest.raises(Invalid) as refused:
        services.run_create(blank.id, Asked())
    assert refused.value.errors[0]["code"].startswith("D28")


def test_a_warm_up_as_long_as_the_run_is_refused(design: Design) -> None:
    with pytest.raises(Invalid, match="leaves nothing"):
        services.run_create(design.id, Asked(warmup=60.0))


def test_there_is_a_limit_to_how_many_runs_may_wait(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_GOING", 2)
    services.run_create(design.id, Asked())
    services.run_create(design.id, Asked())
    with pytest.raises(TooMany):
        services.run_create(design.id, Asked())


def test_frames_are_stored_with_how_far_the_run_is(run: Run) -> None:
    services.frames_store(run.id, [frame(1), frame(2)], t=2.0, progress=0.4)
    stored = selectors.run_get(run.id)
    assert (stored.last_seq, stored.t, stored.progress) == (2, 2.0, 0.4)
    assert [seq for seq, _body in selectors.frames_after(run.id, 0, limit=10)] == [1, 2]


def test_the_simulators_last_frame_is_signed_and_closes_the_run(run: Run) -> None:
    services.frames_store(run.id, [frame(1)], t=1.0, progress=0.5)
    closing = {"seq": 2, "t": 60.0, "done": True, "nodes": {}}
    ended, (seq, body) = services.run_end(run.id, RunStatus.FINISHED, closing=closing, result={"flows": []})
    last = json.loads(body)
    assert seq == last["seq"] == ended.last_seq == 2
    assert (last["done"], last["status"], last["reason"]) == (True, "finished", "")
    assert (ended.progress, ended.t) == (1.0, 60.0)
    assert json.loads(selectors.run_result_text(run.id)) == {"flows": []}


def test_a_run_without_a_last_frame_repeats_the_newest_one(run: Run) -> None:
    services.frames_store(run.id, [frame(1, events=[{"text": "once"}])], t=1.0, progress=0.5)
    _ended, (seq, body) = services.run_end(run.id, RunStatus.FAILED, reason="lost")
    last = json.loads(body)
    assert (seq, last["t"], last["nodes"]) == (2, 1.0, {"web": {"in_flight": 1}})
    assert (last["done"], last["status"], last["reason"], last["events"]) == (True, "failed", "lost", [])


def test_a_run_that_never_started_ends_with_one_empty_frame(design: Design) -> None:
    run = services.run_create(design.id, Asked())
    _ended, (seq, body) = services.run_end(run.id, RunStatus.CANCELLED, reason="changed my mind")
    assert (seq, json.loads(body)["done"]) == (1, True)


def test_an_ended_run_stays_as_it_ended_and_gains_no_frame(run: Run) -> None:
    services.run_end(run.id, RunStatus.CANCELLED)
    with pytest.raises(services.IllegalMove):
        services.run_end(run.id, RunStatus.FINISHED)
    assert selectors.run_get(run.id).status == "cancelled"
    assert RunFrame.objects.filter(run=run).count() == 1


def test_a_restart_marks_what_was_going_and_says_what_is_kept(run: Run, design: Design) -> None:
    services.frames_store(run.id, [frame(1), frame(2)], t=2.0, progress=0.4)
    queued = services.run_create(design.id, Asked())
    assert set(services.runs_interrupt()) == {run.id, queued.id}
    interrupted = selectors.run_get(run.id)
    assert interrupted.status == "failed"
    assert "its 2 frames are kept" in interrupted.reason
    assert "before the run began" in selectors.run_get(queued.id).reason
    assert services.runs_interrupt() == []


def test_a_going_run_is_not_deleted_an_ended_one_is_with_its_frames(run: Run) -> None:
    with pytest.raises(Conflict):
        services.run_delete(run.id)
    services.run_end(run.id, RunStatus.CANCELLED)
    services.run_delete(run.id)
    assert not RunFrame.objects.exists()
    with pytest.raises(NotFound):
        selectors.run_get(run.id)


def test_a_page_of_frames_stops_at_its_size_but_holds_at_least_one(run: Run) -> None:
    services.frames_store(run.id, [frame(seq, pad="x" * 100) for seq in range(1, 6)], t=5.0, progress=0.1)
    assert len(selectors.frames_after(run.id, 0, limit=10, characters=10)) == 1
    assert len(selectors.frames_after(run.id, 0, limit=10, characters=400)) == 2
    assert len(selectors.frames_after(run.id, 3, limit=10)) == 2


def test_there_is_no_result_before_the_end(run: Run) -> None:
    with pytest.raises(Conflict, match="no result yet"):
        selectors.run_result_text(run.id)
    services.run_end(run.id, RunStatus.FAILED, reason="lost")
    with pytest.raises(Conflict, match="without a result"):
        selectors.run_result_text(run.id)


def test_lists_are_filtered_by_design_and_state(run: Run, design: Design) -> None:
    other = services.run_create(design_create(work_queue()).id, Asked())
    assert [r.id for r in selectors.run_list(design_id=design.id)] == [run.id]
    assert [r.id for r in selectors.run_list(status="queued")] == [other.id]
    assert {r.id for r in selectors.run_list()} == {run.id, other.id}
    assert selectors.run_list(design_id=uuid.uuid4()) == []
