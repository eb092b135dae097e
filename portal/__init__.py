"""The roof: settings, addresses, the dashboard, the demo. Nobody imports it."""
