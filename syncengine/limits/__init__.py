"""How fast we may go, and by whose clock."""
