"""A local Microsoft 365, as strict and as nasty as the real one. It shares no line with the engine."""
