"""What stands between every request and its page."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse

from partners.http import to_sign_in


class SignedInByDefault(LoginRequiredMiddleware):
    """Every page asks for a sign-in unless it says that it does not; htmx is told so, too."""

    def handle_no_permission(  # type: ignore[override]
        self,
        request: HttpRequest,
        view_func: Any,  # noqa: ARG002
    ) -> HttpResponse:
        """To the sign-in page, as a whole page and not as a fragment."""
        return to_sign_in(request)
