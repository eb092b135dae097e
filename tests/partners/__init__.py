"""Tests of the ground floor: people, rights, the audit trail."""
