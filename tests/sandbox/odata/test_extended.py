"""Extended properties are checked when written and shown only by name."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.sandbox import extended
from syncengine.sandbox.extended import SINGLE
from syncengine.sandbox.kernel import Refusal

GUID = "{0a5c9b9e-6b4e-4f0b-9f38-111111111111}"
MARK = f"String {GUID} Name Mark"
ITEM = {SINGLE: [{"id": MARK, "value": "1"}, {"id": f"String {GUID} Name Other", "value": "2"}]}


def expanded(text):
    shown: dict[str, Any] = {}
    extended.expand_properties(ITEM, extended.parse_expand(text), shown)
    return shown


def test_only_the_named_properties_are_shown():
    assert expanded(f"{SINGLE}($filter=id eq '{MARK}')") == {SINGLE: ITEM[SINGLE][:1]}
    both = expanded(f"{SINGLE}($filter=id eq '{MARK}' or id eq 'String {GUID.upper()} Name Other')")
    assert both == ITEM


def test_an_item_without_the_property_has_no_such_key():
    assert expanded(f"{SINGLE}($filter=id eq 'String {GUID} Name mark')") == {}


@pytest.mark.parametrize("text", [SINGLE, f"{SINGLE}($filter=value eq '1')", f"{SINGLE}($select=id)"])
def test_all_properties_at_once_cannot_be_had(text):
    with pytest.raises(Refusal) as refusal:
        expanded(text)
    assert refusal.value.code == "ErrorInvalidProperty"


def test_brackets_and_quotes_nest():
    found = extended.parse_expand("a($expand=b($filter=c eq ',)');$select=d,e),f")
    assert found == {"a": {"$expand": "b($filter=c eq ',)')", "$select": "d,e"}, "f": {}}


@pytest.mark.parametrize("text", ["a($filter=x", "a)", "a($filter=b eq 'c)"])
def test_an_expansion_that_does_not_close_is_refused(text):
    with pytest.raises(Refusal):
        extended.parse_expand(text)


@pytest.mark.parametrize(
    "entry",
    [
        {"id": MARK},
        {"id": "Mark", "value": "1"},
        {"id": f"StringArray {GUID} Name Mark", "value": "1"},
        {"id": MARK, "value": 1},
        {"id": MARK, "value": "1", "more": 1},
        MARK,
    ],
)
def test_a_malformed_property_is_refused(entry):
    with pytest.raises(Refusal):
        extended.checked_properties(SINGLE, [entry])


def test_a_patch_replaces_by_id_and_keeps_the_rest():
    written = extended.checked_properties(
        SINGLE,
        [
            {
                "id": MARK.upper()
                .replace("STRING", "String")
                .replace("NAME", "Name")
                .replace("MARK", "Mark"),
                "value": "9",
            }
        ],
    )
    merged = extended.merged_properties(ITEM[SINGLE], written)
    assert merged == [{"id": MARK, "value": "9"}, ITEM[SINGLE][1]]
