"""A demonstration on this machine: three believable clients, and all of Culvert at work on them."""
