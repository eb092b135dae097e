"""Carrying out: many lanes side by side, one batch under way to each mailbox.

And a memory in which all of it can be tried without a network.
"""
