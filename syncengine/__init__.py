"""How syncing works, without Django: look, shape, plan, guard, write, record."""
