"""Saving, versions, copies, deletion."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from architect.designs import selectors, services
from architect.designs.models import Design
from architect.refusals import Conflict, Invalid, NotFound
from architect.runs.models import Run
from architect.runs.services import Asked, run_create
from tests.architect.samples import work_queue

pytestmark = pytest.mark.django_db


def test_a_new_design_is_version_one_with_its_first_revision() -> None:
    design = services.design_create(work_queue())
    assert (design.version, design.name, design.node_count) == (1, "Work queue", 3)
    assert [revision.version for revision in selectors.revision_list(design.id)] == [1]


def test_the_order_of_keys_survives() -> None:
    data = work_queue()
    assert list(services.design_create(data).document) == list(data)


def test_saving_over_the_version_that_stands_makes_the_next_one() -> None:
    design = services.design_create(work_queue())
    saved = services.design_save(design.id, version=1, data=work_queue(name="Renamed"))
    assert (saved.version, saved.name) == (2, "Renamed")
    assert selectors.revision_get(design.id, 1).name == "Work queue"


def test_saving_over_an_older_version_changes_nothing_and_shows_what_stands() -> None:
    design = services.design_create(work_queue())
    services.design_save(design.id, version=1, data=work_queue(name="Mine"))
    with pytest.raises(services.StaleVersion) as refused:
        services.design_save(design.id, version=1, data=work_queue(name="Yours"))
    assert refused.value.current.name == "Mine"
    assert selectors.design_get(design.id).name == "Mine"


def test_a_design_that_cannot_be_saved_leaves_the_old_version() -> None:
    design = services.design_create(work_queue())
    broken = work_queue()
    broken["nodes"][0]["config"]["arrivals"]["rate"] = -1
    with pytest.raises(Invalid) as refused:
        services.design_save(design.id, version=1, data=broken)
    assert refused.value.errors[0]["path"] == "nodes[0].config.arrivals.rate"
    assert selectors.design_get(design.id).version == 1


def test_an_unfinished_drawing_can_be_saved() -> None:
    design = services.design_create({"format": "headrace/1", "name": "Blank", "nodes": [], "edges": []})
    assert design.node_count == 0


def test_a_trace_file_of_the_servers_machine_is_refused_with_its_path() -> None:
    data = work_queue()
    data["nodes"][0]["config"]["arrivals"] = {"process": "trace", "file": "/etc/passwd"}
    with pytest.raises(Invalid) as refused:
        services.design_create(data)
    (error,) = refused.value.errors
    assert (error["code"], error["path"]) == ("D110", "nodes[0].config.arrivals.file")


def test_a_copy_has_its_own_id_name_and_history() -> None:
    design = services.design_create(work_queue())
    copy = services.design_duplicate(design.id)
    assert copy.id != design.id
    assert copy.name == "Work queue (copy)"
    assert copy.version == 1


def test_a_copy_of_a_design_with_the_longest_name_is_possible() -> None:
    design = services.design_create(work_queue(name="x" * 200))
    assert services.design_duplicate(design.id).name.endswith("(copy)")


def test_old_revisions_are_dropped_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "REVISIONS_KEPT", 3)
    design = services.design_create(work_queue())
    for version in range(1, 6):
        services.design_save(design.id, version=version, data=work_queue())
    assert [revision.version for revision in selectors.revision_list(design.id)] == [6, 5, 4]
    with pytest.raises(NotFound):
        selectors.revision_get(design.id, 1)


def test_a_deleted_design_takes_its_history_and_its_ended_runs_with_it() -> None:
    design = services.design_create(work_queue())
    run = run_create(design.id, Asked())
    Run.objects.filter(id=run.id).update(status="finished")
    services.design_delete(design.id)
    assert not Run.objects.exists()
    with pytest.raises(NotFound):
        selectors.design_get(design.id)


def test_a_design_with_a_going_run_is_not_deleted() -> None:
    design = services.design_create(work_queue())
    run_create(design.id, Asked())
    with pytest.raises(Conflict, match="going"):
        services.design_delete(design.id)
    assert Design.objects.filter(id=design.id).exists()


def test_what_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        services.design_save(uuid.uuid4(), version=1, data=work_queue())
    with pytest.raises(NotFound):
        services.design_create_from_template("no-such-template")


def test_the_first_start_makes_one_design_and_no_later_start_does(tmp_path: Path) -> None:
    first = services.design_welcome(tmp_path)
    assert first is not None
    services.design_delete(first.id)
    assert services.design_welcome(tmp_path) is None
    assert not Design.objects.exists()
