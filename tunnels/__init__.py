"""The second floor: tunnels, feeds, registers, lanes, runs and the ledger."""
