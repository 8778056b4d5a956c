"""The pages the server renders itself."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from architect import pages
from architect.bundle import FrontEndMissing, bundle_of

ID = uuid.UUID(int=1)
SHELL_PATHS = ["/", f"/designs/{ID}", f"/designs/{ID}/runs/{ID}", "/runs"]
MANIFEST = {
    "src/main.tsx": {
        "file": "assets/main-AAAAAAAA.js",
        "isEntry": True,
        "imports": ["_shared.js"],
        "css": ["assets/main-BBBBBBBB.css"],
    },
    "_shared.js": {"file": "assets/shared-CCCCCCCC.js", "css": ["assets/shared-DDDDDDDD.css"]},
    "src/Lazy.tsx": {"file": "assets/Lazy-EEEEEEEE.js", "isDynamicEntry": True, "imports": ["src/main.tsx"]},
}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A front end that was built."""
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(MANIFEST))
    monkeypatch.setattr(
        "architect.bundle.finders.find", lambda name: str(path) if "manifest" in name else None
    )


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", SHELL_PATHS)
def test_every_address_of_the_program_gives_the_shell(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    assert '<html lang="en" data-theme="system">' in page
    assert '<script type="module" src="/static/dist/assets/main-AAAAAAAA.js"></script>' in page
    assert '<link rel="stylesheet" href="/static/dist/assets/main-BBBBBBBB.css">' in page
    assert '<link rel="modulepreload" href="/static/dist/assets/shared-CCCCCCCC.js">' in page
    assert "Lazy" not in page


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", [*SHELL_PATHS, "/api/docs", "/nope"])
def test_no_page_holds_an_inline_script_or_an_address_elsewhere(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son[a-z]+=|<style|style=", page)
    assert not re.search(r"""(src|href)=["'](https?:)?//""", page)


@pytest.mark.parametrize(
    "path", ["/nope", "/designs/not-a-uuid", "/designs/1", "/static/dist/nope.js", "/runs/x"]
)
def test_an_unknown_address_is_a_404_that_leads_back(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert 'href="/"' in answer.content.decode()


def test_without_a_built_front_end_the_page_says_how_to_build_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("architect.bundle.finders.find", lambda _name: None)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "manage.py build" in answer.content.decode()


def test_an_error_of_ours_is_a_500_without_details(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(pages, "load_bundle", broken)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "a secret detail" not in answer.content.decode()
    assert "Content-Security-Policy" in answer.headers


def test_a_manifest_without_an_entry_is_said_to_be_broken() -> None:
    with pytest.raises(FrontEndMissing):
        bundle_of({"a": {"file": "a.js"}})


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/nope", "/healthz", "/api/docs", "/api/nope", "/favicon.ico", "/api/designs"]
)
def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "ws://localhost" in policy["connect-src"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_foreign_host_is_not_named_in_the_policy(client: Client) -> None:
    answer = client.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.headers["Content-Security-Policy"]


def test_the_api_page_names_every_operation(client: Client) -> None:
    page = client.get("/api/docs").content.decode()
    schema = client.get("/api/openapi.json").json()
    for path in schema["paths"]:
        assert path in page


@pytest.mark.django_db
def test_health_is_ok_while_the_database_answers(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_front_end_built_again_is_served_without_a_restart(settings: Any, tmp_path: Path) -> None:
    settings.STATICFILES_DIRS = [tmp_path]
    _forget_finders()
    try:
        _build(tmp_path, "AAAAAAAA")
        client = Client()  # one server throughout
        assert _script_of(client) == ("/static/dist/assets/main-AAAAAAAA.js", 200)
        (tmp_path / "dist/assets/main-AAAAAAAA.js").unlink()
        _build(tmp_path, "EEEEEEEE")
        assert _script_of(client) == ("/static/dist/assets/main-EEEEEEEE.js", 200)
        assert client.get("/static/dist/assets/main-AAAAAAAA.js").status_code == 404
        for nothing in ("", "dist", "dist/", "dist/../dist/manifest.json", "%00", "..%2f..%2fetc%2fpasswd"):
            assert client.get(f"/static/{nothing}").status_code == 404
    finally:
        _forget_finders()


def _forget_finders() -> None:
    finders.get_finder.cache_clear()  # type: ignore[attr-defined]  # the stubs do not know its cache


def _build(folder: Path, content_hash: str) -> None:
    assets = folder / "dist/assets"
    assets.mkdir(parents=True, exist_ok=True)
    (assets / f"main-{content_hash}.js").write_text(f"// {content_hash}")
    text = json.dumps(MANIFEST).replace("AAAAAAAA", content_hash)
    (folder / "dist/manifest.json").write_text(text)


def _script_of(client: Client) -> tuple[str, int]:
    page = client.get("/").content.decode()
    address = re.findall(r'<script type="module" src="([^"]+)"', page)[0]
    answer = client.get(address)
    if answer.status_code == 200:
        assert "immutable" in answer["Cache-Control"]
        assert answer.getvalue().startswith(b"//")
    return address, answer.status_code
