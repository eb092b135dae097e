"""The first floor: client tenants, their connections, directory and readiness."""
