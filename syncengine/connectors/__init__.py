"""The outside world, one room per service; `http` is the only door to the network."""
