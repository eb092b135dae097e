"""Configuration files: read with line numbers, checked as a whole, then brought about."""
