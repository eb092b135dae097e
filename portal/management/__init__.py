"""What `manage.py` can do that belongs to no floor."""
