"""Which application permissions open the directory's doors.

Source: https://learn.microsoft.com/graph/permissions-reference
"""

from __future__ import annotations

_DIRECTORY = "Directory.Read.All Directory.ReadWrite.All"
READ_USERS = f"User.Read.All User.ReadWrite.All {_DIRECTORY}"
WRITE_USERS = "User.ReadWrite.All Directory.ReadWrite.All"
READ_GROUPS = (
    f"GroupMember.Read.All GroupMember.ReadWrite.All Group.Read.All Group.ReadWrite.All {_DIRECTORY}"
)
WRITE_GROUPS = "Group.ReadWrite.All Directory.ReadWrite.All"
WRITE_MEMBERS = "GroupMember.ReadWrite.All Group.ReadWrite.All Directory.ReadWrite.All"
READ_CONTACTS = f"OrgContact.Read.All {_DIRECTORY}"
READ_PLACES = "Place.Read.All Place.ReadWrite.All"
READ_ORGANIZATION = f"Organization.Read.All Organization.ReadWrite.All {_DIRECTORY}"
READ_APPLICATIONS = f"Application.Read.All Application.ReadWrite.All {_DIRECTORY}"
READ_SETTINGS = "MailboxSettings.Read MailboxSettings.ReadWrite"
