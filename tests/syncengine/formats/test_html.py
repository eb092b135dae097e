"""HTML cleaned for a copy, and as text to be compared."""

from __future__ import annotations

import time as stopwatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.formats.html import body_text, clean_html, plain_text, seen_text
from tests.syncengine import strategies as some

TAG_SOUP = st.lists(
    st.sampled_from(
        (
            "<p>",
            "</p>",
            "<b>",
            "</div>",
            "<td>",
            "<script>",
            "</script>",
            "<a href='x:y'>",
            "&lt;",
            "<",
            ">",
            "x",
        )
    )
).map("".join)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p>one</p><p>two</p>", "one two"),
        ("one<br>two", "one two"),
        ("<b>b</b>old", "bold"),
        ("a &lt;b&gt; &amp;amp; c&nbsp;d", "a <b> &amp; c d"),
        ("<style>p{}</style><script>x()</script><!-- no --><p>yes", "yes"),
        ("<table><tr><td>1<td>2</table>", "1 2"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("Jose\u0301", "José"),
    ],
)
def test_plain_text_is_what_a_reader_sees(html, text):
    assert plain_text(html) == text


@given(some.texts.filter(lambda text: "<" not in text and "&" not in text), some.texts)
def test_what_a_server_wraps_around_a_body_does_not_count(text, title):
    posted = f"<div>{text}</div>"
    title = title.replace("<", "")
    shown = (
        f"<html><head>\r\n<title>{title}</title><meta charset='utf-8'></head>\r\n"
        f"<body>\r\n<div class='x' style='color:red'>{text}\r\n</div>\r\n</body></html>\r\n"
    )
    assert plain_text(shown) == plain_text(posted)


@given(st.one_of(some.htmls, TAG_SOUP, some.texts))
def test_cleaning_changes_nothing_that_a_reader_sees_and_nothing_twice(html):
    once = clean_html(html)
    assert plain_text(once) == plain_text(html)
    assert clean_html(once) == once


@given(TAG_SOUP)
def test_nothing_active_is_left(html):
    once = clean_html(f"<img src=x onerror=y>{html}<a href='javascript:z' onclick=q>l</a>")
    assert not any(word in once for word in ("<script", "<img", "javascript", "onclick", "onerror"))


def test_links_and_tables_stay():
    html = '<table><tbody><tr><td>1</td></tr></tbody></table><a href="https://northwind.example/?a=1&amp;b=2">x</a>'
    assert clean_html(html) == html


def test_text_and_html_of_the_same_words_compare_equal():
    assert body_text("one\r\n two", False) == body_text("<p>one</p>\n<p>two</p>", True)


def test_a_link_that_the_text_hides_is_seen_and_one_that_it_shows_is_not_seen_twice():
    hidden = '<a href="https://a.example/?x=1&amp;y=2">here</a>'
    assert seen_text(hidden, True) == "here https://a.example/?x=1&y=2"
    shown = '<a href="https://a.example">https://a.example</a>'
    assert seen_text(shown, True) == seen_text("https://a.example", False)


def test_a_megabyte_is_read_in_a_moment():
    began = stopwatch.perf_counter()
    assert len(plain_text("<div><p>word &amp; word</p></div>" * 30_000)) > 300_000
    assert len(clean_html("<" * 1_000_000)) >= 1_000_000
    assert stopwatch.perf_counter() - began < 5
