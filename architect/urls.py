"""Addresses. The page is one program: every address it knows gives the same shell."""

from __future__ import annotations

from django.urls import path

from architect import pages
from architect.api import api
from architect.experiments.sharing import shared_report

urlpatterns = [
    path("", pages.shell, name="gallery"),
    path("designs/<uuid:design_id>", pages.shell, name="editor"),
    path("designs/<uuid:design_id>/runs/<uuid:run_id>", pages.shell, name="run"),
    path("runs", pages.shell, name="runs"),
    *(
        path(f"designs/<uuid:design_id>/{kind}{rest}", pages.shell, name=f"{kind}{name}")
        for kind in ("compare", "sweep", "capacity", "cheapest", "sensitivity")
        for rest, name in (("", ""), ("/<uuid:experiment_id>", "-result"))
    ),
    path("shared/<str:token>", shared_report, name="shared"),
    path("healthz", pages.health, name="health"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("api/docs", pages.api_docs, name="api-docs"),
    path("api/", api.urls),
]
handler400 = "architect.pages.bad_request"
handler404 = "architect.pages.not_found"
handler500 = "architect.pages.server_error"
