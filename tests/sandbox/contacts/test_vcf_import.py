"""vCards are imported, or refused with a reason; the one bad card stops no other."""

from __future__ import annotations

import base64

import pytest

from syncengine.sandbox.contacts.vcf_import import import_vcf
from syncengine.sandbox.kernel import Refusal
from tests.sandbox.contacts.conftest import HOME
from tests.sandbox.contacts.test_photos import JPEG

CARD = f"""BEGIN:VCARD
VERSION:3.0
FN:Dr. Ada M. Lovelace II
N:Lovelace;Ada;M.;Dr.;II
NICKNAME:Countess
ORG:Northwind;Engines
TITLE:Analyst
ROLE:Poet
EMAIL;TYPE=WORK:ada@northwind.example
EMAIL:ada@home.example
EMAIL:ada@third.example
EMAIL:ada@fourth.example
TEL;TYPE=CELL,VOICE:+1 1
TEL;TYPE=WORK:+1 2
TEL;TYPE=WORK,FAX:+1 3
TEL;TYPE=HOME:+1 4
ADR;TYPE=WORK:;;1 Mill Rd;Bath;Somerset;BA1;UK
ADR;TYPE=HOME:;;2 High St;Ulm;;;
BDAY:1815-12-10
NOTE:First\\, and best.
URL:https://ada.example
CATEGORIES:Blue,Red
IMPP:xmpp:ada@chat.example
X-PHONETIC-FIRST-NAME:エイダ
PHOTO;ENCODING=b;TYPE=JPEG:{base64.b64encode(JPEG).decode()}
END:VCARD
"""


def load(graph, text):
    return import_vcf(graph.world, graph.tenant, graph.mailbox, text)


def test_a_card_fills_the_contact_it_describes(graph):
    [made] = load(graph, CARD)["contacts"]
    read = graph("GET", f"{HOME}/contacts/{made}").body
    assert {
        "displayName": "Dr. Ada M. Lovelace II",
        "givenName": "Ada",
        "middleName": "M.",
        "surname": "Lovelace",
        "title": "Dr.",
        "generation": "II",
        "nickName": "Countess",
        "companyName": "Northwind",
        "department": "Engines",
        "jobTitle": "Analyst",
        "profession": "Poet",
        "mobilePhone": "+1 1",
        "businessPhones": ["+1 2"],
        "homePhones": ["+1 4"],
        "birthday": "1815-12-10T12:00:00Z",
        "personalNotes": "First, and best.",
        "businessHomePage": "https://ada.example",
        "categories": ["Blue", "Red"],
        "imAddresses": ["ada@chat.example"],
        "yomiGivenName": "エイダ",
        "businessAddress": {
            "street": "1 Mill Rd",
            "city": "Bath",
            "state": "Somerset",
            "postalCode": "BA1",
            "countryOrRegion": "UK",
        },
        "homeAddress": {"street": "2 High St", "city": "Ulm"},
    }.items() <= read.items()
    addresses = [one["address"] for one in read["emailAddresses"]]
    assert addresses == ["ada@northwind.example", "ada@home.example", "ada@third.example"]
    assert graph("GET", f"{HOME}/contacts/{made}/photo/$value").body == JPEG


def test_old_cards_speak_quoted_printable(graph):
    card = (
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=utf-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Ren=C3=A9\r\n"
        "TEL;CELL;VOICE:+49 1\r\nTEL;HOME:+49 2\r\nNOTE;ENCODING=QUOTED-PRINTABLE:one=\r\n two\r\n"
        "END:VCARD\r\n"
    )
    [made] = load(graph, card)["contacts"]
    read = graph("GET", f"{HOME}/contacts/{made}").body
    assert (read["surname"], read["givenName"]) == ("Müller", "René")
    assert (read["mobilePhone"], read["homePhones"]) == ("+49 1", ["+49 2"])


def test_a_bad_card_is_named_and_the_others_come_in(graph):
    bad = "BEGIN:VCARD\nVERSION:3.0\nFN:Bad\nPHOTO;ENCODING=b:a\nEND:VCARD\n"
    empty = "BEGIN:VCARD\nVERSION:3.0\nREV:2026\nEND:VCARD\n"
    found = load(graph, CARD + bad + empty)
    assert len(found["contacts"]) == 1
    assert [reason.partition(":")[0] for reason in found["refused"]] == ["card 2", "card 3"]
    assert len(graph.mailbox.contacts) == 1


def test_a_group_card_becomes_a_personal_group(graph):
    load(graph, "BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:Team\nEND:VCARD\n")
    body = graph("GET", f"{HOME}/contacts?$count=true").body
    assert (body["@odata.count"], body["value"]) == (1, [])


@pytest.mark.parametrize("text", ["", "no card", "BEGIN:VCARD\nFN:Cut off"])
def test_a_file_without_a_card_is_refused(graph, text):
    with pytest.raises(Refusal, match="holds no whole vCard"):
        load(graph, text)


@pytest.mark.shared
def test_every_file_of_the_corpus_is_imported_or_refused_with_a_reason(graph, shared):
    files = sorted((shared / "vcf-corpus").glob("*.vcf"))
    outcomes = {file.name: outcome(graph, file.read_text(encoding="utf-8-sig")) for file in files}
    assert len(files) == 17
    for name, found in outcomes.items():
        assert found["contacts"] or found["refused"], name
        assert all(len(reason) > 20 for reason in found["refused"]), name
    assert {name for name, found in outcomes.items() if not found["contacts"]} == {
        "ezvcard--John_Doe_LOTUS_NOTES.vcf",
        "ical4jvcard--vcard-antoni-outlook2003.vcf",
        "ical4jvcard--vcard-incompletenproperty.vcf",
    }
    made = [one for found in outcomes.values() for one in found["contacts"]]
    assert len(graph.rows(f"{HOME}/contacts?$top=100")) == len(made) == 20


def outcome(graph, text):
    """What became of a file; the reasons alone where nothing of it came in."""
    try:
        return load(graph, text)
    except Refusal as no:
        return {"contacts": [], "refused": [no.message]}
