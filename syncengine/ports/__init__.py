"""The sockets between rooms: who reads, who writes, who remembers, and the words they exchange."""
