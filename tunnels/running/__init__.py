"""Carrying tunnels out: who is in, what the sources say, what the lanes need, slice by slice."""
