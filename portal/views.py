"""Pages that belong to no floor: what a person reads when something went wrong."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_not_required
def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form that did not carry this session's token. Nothing was changed."""
    return render(request, "403_csrf.html", status=403)
