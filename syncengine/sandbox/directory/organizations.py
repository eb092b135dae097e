"""The tenant itself, and what it has granted to apps.

Source: https://learn.microsoft.com/graph/api/organization-list and
https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments
"""

from __future__ import annotations

import re
import uuid

from syncengine.sandbox import odata
from syncengine.sandbox.directory import listing
from syncengine.sandbox.directory.permissions import READ_APPLICATIONS, READ_ORGANIZATION
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, Unknown, graph
from syncengine.sandbox.odata import DIRECTORY
from syncengine.sandbox.state import App, Tenant

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
# Source: https://learn.microsoft.com/graph/permissions-reference
_ROLE_IDS = {
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "Calendars.Read": "798ee544-9d2d-430c-a058-570e29e34338",
    "Calendars.ReadWrite": "ef54d2bf-783f-4e0f-bca1-3210c0444d99",
    "Contacts.Read": "089fe4d0-434a-44c5-8827-41ba8a0b17f5",
    "Contacts.ReadWrite": "6918b873-d17a-4dc1-b314-35f528134491",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
    "Group.ReadWrite.All": "62a82d76-70ea-41e2-9197-370581804d09",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "MailboxSettings.Read": "40f97065-369a-49f4-947c-6a255697ae91",
    "MailboxSettings.ReadWrite": "6931bccd-447a-43d1-b442-00a195474933",
    "Member.Read.Hidden": "658aa5d8-239f-45c4-aa12-864f4fc7e490",
    "OrgContact.Read.All": "e1a88a34-94c4-4418-be12-c87b00e26bea",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
    "Place.Read.All": "913b9306-0ce1-42b8-9137-6a7df690a760",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca",
}
_LISTS = (
    "assignedPlans",
    "businessPhones",
    "marketingNotificationEmails",
    "provisionedPlans",
    "securityComplianceNotificationMails",
    "securityComplianceNotificationPhones",
    "technicalNotificationMails",
    "verifiedDomains",
)
_TEXTS = (
    "city",
    "country",
    "countryLetterCode",
    "createdDateTime",
    "displayName",
    "postalCode",
    "preferredLanguage",
    "state",
    "street",
    "tenantType",
)
_ORGANIZATION = frozenset({"id", *_LISTS, *_TEXTS})
_BY_APP = re.compile(r"servicePrincipals\(appId='([^']+)'\)", re.I)
_PRINCIPAL = frozenset({"id", "appId", "displayName", "accountEnabled", "servicePrincipalType", "appRoles"})


@graph.route("GET", "/organization", needs=READ_ORGANIZATION)
def list_organization(call: Call) -> Answer:
    """The tenant, as the only row of a list."""
    odata.allow(call, DIRECTORY, "$select")
    body = {"@odata.context": f"{call.base}/$metadata#organization", "value": [_organization(call)]}
    return Answer(200, body)


@graph.route("GET", "/organization/{tenant}", needs=READ_ORGANIZATION)
def get_organization(call: Call, tenant: str) -> Answer:
    """The tenant, by its id."""
    odata.allow(call, DIRECTORY, "$select")
    if tenant.lower() != call.tenant.id.lower():
        raise listing.missing(tenant)
    return Answer(200, {"@odata.context": listing.context(call, "organization"), **_organization(call)})


@graph.route("GET", "/servicePrincipals/{principal}", needs=READ_APPLICATIONS)
@graph.route("GET", "/{principal}")
def get_principal(call: Call, principal: str) -> Answer:
    """An app as this tenant knows it; Microsoft Graph's own lists the roles there are."""
    odata.allow(call, DIRECTORY, "$select")
    row = _principal_at(call, principal)
    names = odata.selected(call, DIRECTORY, "microsoft.graph.servicePrincipal", _PRINCIPAL, ())
    shown = {name: row[name] for name in names} if names else row
    return Answer(200, {"@odata.context": listing.context(call, "servicePrincipals"), **shown})


@graph.route("GET", "/servicePrincipals/{principal}/appRoleAssignments", needs=READ_APPLICATIONS)
@graph.route("GET", "/{principal}/appRoleAssignments")
def list_assignments(call: Call, principal: str) -> Answer:
    """The application permissions that the tenant has granted to an app."""
    odata.allow(call, DIRECTORY, "$top", "$skiptoken")
    row = _principal_at(call, principal)
    app = call.tenant.apps.get(row["appId"])
    graph_id = _principal_id(call.tenant, GRAPH_APP)
    rows = [
        {
            "id": _identity(call.tenant, f"{row['appId']} {role}"),
            "appRoleId": role_id(role),
            "principalId": row["id"],
            "principalDisplayName": row["displayName"],
            "principalType": "ServicePrincipal",
            "resourceDisplayName": "Microsoft Graph",
            "resourceId": graph_id,
        }
        for role in (app.roles if app else ())
    ]
    return odata.listed(call, DIRECTORY, rows, dict, "appRoleAssignments")


def role_id(role: str) -> str:
    """The id of one of Graph's application permissions; a made-up one for the rarer."""
    return _ROLE_IDS.get(role) or str(uuid.uuid5(uuid.NAMESPACE_URL, f"graph role {role}"))


def _organization(call: Call) -> Json:
    row = {**dict.fromkeys(_TEXTS), **{name: [] for name in _LISTS}, **call.tenant.organization}
    row["id"] = call.tenant.id
    kind = "microsoft.graph.organization"
    names = odata.selected(call, DIRECTORY, kind, _ORGANIZATION, tuple(row))
    return {name: row[name] for name in names}


def _principal_at(call: Call, principal: str) -> Json:
    """The service principal that a segment means: an object id, or `servicePrincipals(appId='..')`."""
    by_app = _BY_APP.fullmatch(principal)
    if by_app is None and not call.path.lower().startswith("/serviceprincipals/"):
        raise Unknown(f"the address {call.path}")
    if not call.roles & frozenset(READ_APPLICATIONS.split()):
        message = "Insufficient privileges to complete the operation."
        raise Refusal(403, "Authorization_RequestDenied", message)
    for app_id in (GRAPH_APP, *call.tenant.apps):
        if principal == _principal_id(call.tenant, app_id) or (by_app and by_app[1].lower() == app_id):
            return _principal(call.tenant, app_id)
    raise listing.missing(principal)


def _principal(tenant: Tenant, app_id: str) -> Json:
    app = tenant.apps.get(app_id, App(app_id))
    is_graph = app_id == GRAPH_APP
    return {
        "id": _principal_id(tenant, app_id),
        "appId": app_id,
        "displayName": "Microsoft Graph" if is_graph else app_id,
        "accountEnabled": app.enabled,
        "servicePrincipalType": "Application",
        "appRoles": [_role(name) for name in sorted(graph.permissions | _ROLE_IDS.keys())]
        if is_graph
        else [],
    }


def _role(name: str) -> Json:
    return {
        "id": role_id(name),
        "value": name,
        "displayName": name,
        "isEnabled": True,
        "allowedMemberTypes": ["Application"],
        "description": name,
        "origin": "Application",
    }


def _principal_id(tenant: Tenant, app_id: str) -> str:
    return _identity(tenant, app_id)


def _identity(tenant: Tenant, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant.id} {name}"))
