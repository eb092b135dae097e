"""What tests of tunnels stand on."""

from __future__ import annotations

from tests.tunnels.world import office, sandbox_process

__all__ = ["office", "sandbox_process"]
