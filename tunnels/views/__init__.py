"""Pages about tunnels: what flows, what will happen, what is happening."""
