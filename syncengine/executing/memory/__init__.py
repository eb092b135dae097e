"""The ports in memory: product code, and the best double that tests can have."""

from __future__ import annotations

from syncengine.executing.memory.books import MemoryBook, MemoryRegister
from syncengine.executing.memory.clock import MemoryClock
from syncengine.executing.memory.door import Here, Killed, MemoryDoor, Mood
from syncengine.executing.memory.feeds import MemoryCalendar, MemoryFeedBook
from syncengine.executing.memory.folders import MemoryFolder, MemoryItem, MemoryTenant
from syncengine.executing.memory.target import MemoryTarget

__all__ = [
    "Here",
    "Killed",
    "MemoryBook",
    "MemoryCalendar",
    "MemoryClock",
    "MemoryDoor",
    "MemoryFeedBook",
    "MemoryFolder",
    "MemoryItem",
    "MemoryRegister",
    "MemoryTarget",
    "MemoryTenant",
    "Mood",
]
