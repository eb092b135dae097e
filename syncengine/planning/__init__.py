"""Deciding: what a lane's target lacks, what may be done about it, and why.

Pure: no clock, no network, no database.
"""
