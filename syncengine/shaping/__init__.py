"""Policy over items: each item becomes a copy, or an excuse with its reason. Pure: facts are arguments."""
