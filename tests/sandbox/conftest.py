"""Every answer that a handler gives in these tests is held against Graph's description."""

from __future__ import annotations

import pytest

from syncengine.sandbox.kernel import Answer, Call, Routes
from tests.sandbox.conformance import DESCRIPTION, assert_conforms

_answer = Routes.answer


def _checked(routes: Routes, call: Call) -> Answer:
    answer = _answer(routes, call)
    assert_conforms(call.method, call.path, answer.status, answer.body)
    return answer


@pytest.fixture(autouse=True)
def answers_conform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check answers on their way out, where the description is at hand."""
    if DESCRIPTION.exists():
        monkeypatch.setattr(Routes, "answer", _checked)
