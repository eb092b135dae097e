"""Options, pages and selections as the two services behind Graph have them."""

from __future__ import annotations

import pytest

from syncengine.sandbox import odata
from syncengine.sandbox.kernel import Refusal
from syncengine.sandbox.odata import DIRECTORY, OUTLOOK
from syncengine.sandbox.state import Tenant, World
from tests.sandbox.calls import make_call

ROWS = [{"id": f"{number:03}", "name": f"n{number % 7}"} for number in range(250)]


def call(url, **headers):
    return make_call(World(), Tenant("t"), "GET", url, **headers)


def walk(url, dialect, rows=ROWS, **headers):
    """All pages, each as its body."""
    pages = []
    while url:
        pages.append(odata.listed(call(url, **headers), dialect, rows, dict, "things").body)
        url = pages[-1].get("@odata.nextLink")
    return pages


@pytest.mark.parametrize(
    ("url", "dialect", "sizes"),
    [
        ("/things", DIRECTORY, [100, 100, 50]),
        ("/things?$top=125", DIRECTORY, [125, 125]),
        ("/things?$top=100", OUTLOOK, [100, 100, 50]),
        ("/things?$top=100&$skip=200", OUTLOOK, [50]),
    ],
)
def test_pages_follow_each_other_without_gap_or_overlap(url, dialect, sizes):
    pages = walk(url, dialect)
    assert [len(page["value"]) for page in pages] == sizes
    ids = [row["id"] for page in pages for row in page["value"]]
    assert ids == [row["id"] for row in ROWS[-len(ids) :]]


def test_exchange_pages_hold_ten_unless_more_is_preferred():
    assert len(odata.listed(call("/things"), OUTLOOK, ROWS, dict, "x").body["value"]) == 10
    answer = odata.listed(call("/things", prefer="odata.maxpagesize=40"), OUTLOOK, ROWS, dict, "x")
    assert len(answer.body["value"]) == 40
    assert answer.headers["Preference-Applied"] == "odata.maxpagesize=40"


def test_a_directory_page_goes_on_after_its_last_object_though_others_went():
    first = odata.listed(call("/things"), DIRECTORY, ROWS, dict, "x").body
    rest = [row for row in ROWS if row["id"] not in {"000", "001"}]
    second = odata.listed(call(first["@odata.nextLink"]), DIRECTORY, rest, dict, "x").body
    assert second["value"][0]["id"] == "100"


@pytest.mark.parametrize("size", ["0", "1000", "-1", "many"])
def test_a_page_size_out_of_bounds_is_refused(size):
    with pytest.raises(Refusal) as refusal:
        odata.page_size(call(f"/users?$top={size}"), DIRECTORY)
    assert (refusal.value.status, refusal.value.code) == (400, "Request_UnsupportedQuery")


def test_a_page_token_that_was_tampered_with_is_refused():
    link = odata.listed(call("/things"), DIRECTORY, ROWS, dict, "x").body["@odata.nextLink"]
    with pytest.raises(Refusal, match="page token"):
        odata.listed(call(link[:-3] + "AAA"), DIRECTORY, ROWS, dict, "x")


def test_an_odata_option_out_of_place_is_400_and_a_foreign_parameter_501():
    with pytest.raises(Refusal) as refusal:
        odata.allow(call("/users?$skip=1"), DIRECTORY, "$select")
    assert (refusal.value.status, refusal.value.code) == (400, "Request_UnsupportedQuery")
    with pytest.raises(Refusal) as refusal:
        odata.allow(call("/users?color=red"), DIRECTORY, "$select")
    assert refusal.value.status == 501


def test_a_selection_of_an_unknown_property_is_refused():
    with pytest.raises(Refusal, match="Could not find a property named 'shoeSize'"):
        odata.selected(call("/u?$select=id,shoeSize"), DIRECTORY, "user", {"id"}, ("id",))


def test_the_count_stands_on_the_first_directory_page_only():
    headers = {"consistencylevel": "eventual"}
    counts = [page.get("@odata.count") for page in walk("/t?$count=true", DIRECTORY, **headers)]
    assert counts == [250, None, None]


@pytest.mark.parametrize(
    ("url", "headers", "is_fine"),
    [
        ("/users?$filter=name eq 'x'", {}, True),
        ("/users?$filter=name ne 'x'", {}, False),
        ("/users?$filter=name ne 'x'", {"consistencylevel": "eventual"}, False),
        ("/users?$filter=name ne 'x'&$count=true", {"consistencylevel": "eventual"}, True),
        ("/users?$count=true", {}, False),
        ("/users?$count=true", {"consistencylevel": "eventual"}, True),
        ("/users?$orderby=name", {}, True),
        ("/users?$orderby=name&$filter=name eq 'x'", {}, False),
    ],
)
def test_advanced_queries_need_their_header_and_the_count(url, headers, is_fine):
    asked = call(url, **headers)
    found = odata.filter_of(asked, DIRECTORY, "user", {"name"})
    if is_fine:
        odata.check_consistency(asked, found)
    else:
        with pytest.raises(Refusal, match="advanced"):
            odata.check_consistency(asked, found)


def test_rows_are_sorted_by_several_properties_with_nulls_first():
    rows = [{"id": "a", "n": "b"}, {"id": "b", "n": None}, {"id": "c", "n": "A"}, {"id": "d", "n": "B"}]
    found = odata.ordered(call("/t?$orderby=n,id desc"), DIRECTORY, "t", rows, {"n", "id"})
    assert [row["id"] for row in found] == ["b", "c", "d", "a"]
