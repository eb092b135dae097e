"""Our canonical words: items as read, copies as written, time, recurrence, identity."""
