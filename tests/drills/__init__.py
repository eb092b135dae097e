"""Drills: real workers are killed in the middle of their work, and what is left is looked at."""
