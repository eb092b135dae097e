"""The three invented clients of the demonstration, and the engineer who looks after them."""

from __future__ import annotations

from portal.demo.people import Company

PARTNER = "Lockkeeper IT"
OWNER_EMAIL = "owner@lockkeeper.example"
ENGINEER_EMAIL = "engineer@lockkeeper.example"
AUDITOR_EMAIL = "auditor@lockkeeper.example"

NORTHWIND = Company(
    slug="northwind",
    name="Northwind Supply",
    domain="northwind.example",
    country="US",
    city="New York",
    zone="America/New_York",
    windows_zone="Eastern Standard Time",
    phone="+1 212 555 {:04}",
    mobile="+1 917 555 {:04}",
    size=140,
    given=(
        "Ada", "Alex", "Amir", "Bianca", "Carlos", "Dana", "Elena", "Frank", "Grace", "Hugo", "Iris", "James",
        "Kayla", "Leo", "Maya", "Nina", "Omar", "Priya", "Quinn", "Ruth", "Sofia", "Tom", "Uma", "Victor",
    ),
    surnames=(
        "Kim", "Alvarez", "Bennett", "Chen", "Diaz", "Evans", "Foster", "Garcia", "Hughes", "Ito", "Johnson",
        "Khan", "Lopez", "Murphy", "Nguyen", "Okafor", "Patel", "Rivera", "Santos", "Turner", "Ward", "Young",
    ),
    rooms=("Room Hudson", "Room Harlem", "Room Battery"),
    shared=("On-Call", "Reception", "Company Holidays"),
)  # fmt: skip

RHEINWERK = Company(
    slug="rheinwerk",
    name="Rheinwerk Anlagenbau",
    domain="rheinwerk.example",
    country="DE",
    city="Berlin",
    zone="Europe/Berlin",
    windows_zone="W. Europe Standard Time",
    phone="+49 30 23125 {:04}",
    mobile="+49 171 39200 {:04}",
    size=95,
    given=(
        "Anna", "Björn", "Clara", "Dieter", "Elif", "Florian", "Greta", "Hannes", "Ines", "Jürgen", "Katrin",
        "Łukasz", "Marie", "Niklas", "Ole", "Paula", "Renée", "Sven", "Thea", "Uwe", "Vera", "Wolf",
    ),
    surnames=(
        "Albrecht", "Böhm", "Çelik", "Dietrich", "Engel", "Fuchs", "Groß", "Hoffmann", "Jäger", "Köhler",
        "Lehmann", "Müller", "Neumann", "Otto", "Peters", "Richter", "Schäfer", "Voß", "Weiß", "Żółć",
    ),
    rooms=("Raum Elbe", "Raum Havel", "Raum Spree"),
    shared=("Werkstatt", "Empfang"),
)  # fmt: skip

HARBOUR = Company(
    slug="harbour",
    name="Harbour Logistics",
    domain="harbour.example",
    country="AU",
    city="Sydney",
    zone="Australia/Sydney",
    windows_zone="AUS Eastern Standard Time",
    phone="+61 2 5550 {:04}",
    mobile="+61 491 57 {:04}",
    size=60,
    given=(
        "Aroha", "Ben", "Chloe", "Daisy", "Eamon", "Finn", "Georgia", "Harvey", "Isla", "Jack", "Kirra",
        "Lachlan", "Mia", "Noah", "Olive", "Paige", "Riley", "Skye", "Tane", "Willow", "太郎", "花子",
    ),
    surnames=(
        "Adams", "Baker", "Campbell", "Doyle", "Edwards", "Fraser", "Graham", "Harris", "Irwin", "Jones",
        "Kelly", "Lawson",
        "Martin", "Nolan", "O'Brien", "Price", "Reid", "Stewart", "Taylor", "Walsh", "山田",
    ),
    rooms=("Room Bondi", "Room Manly"),
    shared=("Dock Roster", "Reception"),
)  # fmt: skip

COMPANIES = (NORTHWIND, RHEINWERK, HARBOUR)
