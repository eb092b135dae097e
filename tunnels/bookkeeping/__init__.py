"""The engine's memory over PostgreSQL: feeds, registers, links, ledger.

The hot path is SQL with arrays, some twenty times quicker than rows through the ORM.
"""
