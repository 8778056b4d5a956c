"""Every fault of a definition is a problem at the machine of the design: code, element, path, words, mend."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import check
from tests.simulator.kinds.aws.asl.test_validation import ERRORS
from tests.simulator.kinds.aws.asl.test_validation_codes import CODES, MISPLACED, WARNINGS
from tests.simulator.kinds.aws.state_machines import flow

#: Definitions that are objects: anything else is refused as a setting.
FAULTS = [(definition, path) for definition, path, _ in (*ERRORS, *MISPLACED) if definition] + [
    (definition, path) for definition, _, path in CODES
]


@pytest.mark.parametrize(("definition", "path"), FAULTS)
def test_a_fault_stands_at_its_machine_with_its_place_and_a_mend(definition: dict[str, Any], path: str):
    found = [one for one in check(flow(definition)) if one.severity == "error" and one.element == "machine"]
    place = f"nodes[1].config.definition{path.replace('/', '.')}"
    at_place = [one for one in found if one.path == place]
    assert at_place, [(one.path, one.message) for one in found]
    assert {one.code for one in at_place} == {"D284"}
    assert all(one.hint and one.field.startswith("config.definition") for one in at_place)
    assert path == "" or any(f"(at {path})" in one.message for one in at_place)


@pytest.mark.parametrize(("definition", "code", "path"), [*CODES, *WARNINGS])
def test_the_code_of_the_service_stands_before_the_words(definition: dict[str, Any], code: str, path: str):
    place = f"nodes[1].config.definition{path.replace('/', '.')}"
    said = [one.message for one in check(flow(definition)) if one.path == place]
    assert any(message.startswith(f"{code}: " if code else "the variable") for message in said), said
