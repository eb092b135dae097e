"""The ground floor of people: partners, their members, principals, the audit trail."""
