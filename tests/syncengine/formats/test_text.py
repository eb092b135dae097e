"""Texts fit to be stored and compared."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.formats.text import comparable, is_mail_address, one_line, storable

ANY = st.text(st.characters())


@given(ANY)
def test_what_is_storable_can_be_stored(text):
    stored = storable(text)
    assert orjson.loads(orjson.dumps(stored)) == stored
    assert "\0" not in stored


@given(ANY)
def test_making_fit_twice_is_making_fit_once(text):
    for make in (storable, one_line, comparable):
        assert make(make(text)) == make(text)


def test_half_of_an_emoji_becomes_a_mark_and_two_halves_one_emoji():
    assert storable("cut \ud83d") == "cut \ufffd"
    assert storable("\ud83c\udf89") == "🎉"
    assert storable("a\0b") == "ab"


def test_one_line_is_composed_and_trimmed():
    assert one_line(" Jose\u0301 \r\n\tKim ") == "José Kim"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("alex.kim@northwind.example", True),
        ("o'hara+x@mail.northwind.example", True),
        ("józef@rheinwerk.example", True),
        ("", False),
        ("alex", False),
        ("alex@localhost", False),
        ("a b@northwind.example", False),
        ("a@b@northwind.example", False),
        ("alex@northwind..example", False),
        ("Alex <alex@northwind.example>", False),
        ("/o=First/ou=Exchange/cn=alex", False),
        ("a" * 250 + "@b.example", False),
    ],
)
def test_addresses_are_told_from_other_words(text, answer):
    assert is_mail_address(text) is answer
