"""Measuring: how fast the engine writes, and how few requests it needs."""
