"""Microsoft Graph v1.0: calendars, contacts, the directory."""
