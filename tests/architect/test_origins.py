"""Which page may connect and change: exact origins, own hosts."""

from __future__ import annotations

import pytest
from django.test import Client

from architect.origins import is_own_host, is_own_origin

FOREIGN = [
    "http://evil.example",
    "http://localhost:9999",
    "http://localhost",
    "https://localhost:8000",
    "http://127.0.0.1:8000",
    "http://sub.localhost:8000",
    "http://localhost:8000@evil.example",
    "http://evil@localhost:8000",
    "http://localhost:8000/path",
    "http://localhost:8000?x",
    "localhost:8000",
    "ws://localhost:8000",
    "http://localhost:port",
    "http://[::1",
    "null",
    "",
    "file://",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_every_other_origin_is_foreign(origin: str) -> None:
    assert not is_own_origin(origin, scheme="http", host="localhost:8000")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8000", "localhost:8000"),
        ("http://LOCALHOST:8000", "localhost:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("http://localhost", "localhost"),
        ("http://localhost", "localhost:80"),
    ],
)
def test_the_same_scheme_host_and_port_is_the_own_origin(origin: str, host: str) -> None:
    assert is_own_origin(origin, scheme="http", host=host)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "", "localhost.evil.example", "*"])
def test_a_host_name_that_was_rebound_to_this_machine_is_not_ours(host: str) -> None:
    assert not is_own_host(host)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9999"])
def test_a_change_asked_for_by_another_sites_page_is_refused(client: Client, origin: str) -> None:
    answer = client.post("/api/designs", {}, content_type="application/json", headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "origin"


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 422)])
def test_what_the_browser_says_about_the_page_is_believed(client: Client, site: str, status: int) -> None:
    headers = {"Sec-Fetch-Site": site}
    answer = client.post("/api/designs", {}, content_type="application/json", headers=headers)
    assert answer.status_code == status


def test_a_foreign_host_header_is_answered_with_400_in_the_apis_shape(client: Client) -> None:
    answer = client.get("/api/designs", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_content_types_that_a_form_can_send_are_refused(client: Client, kind: str) -> None:
    answer = client.post("/api/designs", "{}", content_type=kind)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]
