"""What `manage.py` can do with tunnels."""
