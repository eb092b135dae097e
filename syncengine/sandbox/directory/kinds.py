"""The kinds of directory objects: what each has, shows by default, and can be filtered by.

Source: https://learn.microsoft.com/graph/api/resources/user and its neighbours group, orgcontact
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from syncengine.sandbox.kernel import Json
from syncengine.sandbox.state import Tenant


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of directory object, and the rules of its collection."""

    name: str
    collection: str
    properties: frozenset[str]
    default: tuple[str, ...]
    lists: frozenset[str]
    """Properties that are an empty list, never null, where nothing is set."""
    alone: frozenset[str]
    """Properties that only a GET of one object shows."""
    filterable: frozenset[str]
    sortable: frozenset[str]
    untracked: frozenset[str] = frozenset()
    """Properties whose changes no delta tells."""

    def rows(self, tenant: Tenant) -> dict[str, Json]:
        """The objects of this kind, by id."""
        return {"users": tenant.users, "groups": tenant.groups}.get(self.collection, tenant.org_contacts)

    def show(self, row: Mapping[str, Any], names: Iterable[str]) -> Json:
        """The object with these properties; without `id` where it is not among them."""
        return {name: self._value(row, name) for name in names}

    def show_typed(self, row: Mapping[str, Any], names: Collection[str]) -> Json:
        """The object among others of other kinds: what it has of `names`, or its default ones."""
        chosen = [name for name in names if name in self.properties] if names else self.default
        return {"@odata.type": f"#{self.name}", **self.show(row, chosen)}

    def _value(self, row: Mapping[str, Any], name: str) -> Any:
        value = row.get(name)
        return [] if value is None and name in self.lists else value


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_USER_LISTS = _words(
    """assignedLicenses assignedPlans businessPhones identities imAddresses interests
    licenseAssignmentStates onPremisesProvisioningErrors otherMails pastProjects provisionedPlans
    proxyAddresses responsibilities schools serviceProvisioningErrors skills"""
)
_USER_ALONE = _words(
    """aboutMe birthday hireDate interests mailboxSettings mySite pastProjects preferredName
    responsibilities schools skills"""
)
_USER_REST = _words(
    """id accountEnabled ageGroup city companyName consentProvidedForMinor country createdDateTime
    creationType deletedDateTime department displayName employeeHireDate employeeId
    employeeLeaveDateTime employeeOrgData employeeType externalUserState
    externalUserStateChangeDateTime faxNumber givenName isManagementRestricted isResourceAccount
    jobTitle lastPasswordChangeDateTime legalAgeGroupClassification mail mailNickname mobilePhone
    officeLocation onPremisesDistinguishedName onPremisesDomainName onPremisesExtensionAttributes
    onPremisesImmutableId onPremisesLastSyncDateTime onPremisesSamAccountName
    onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName passwordPolicies
    postalCode preferredDataLocation preferredLanguage securityIdentifier showInAddressList
    signInSessionsValidFromDateTime state streetAddress surname usageLocation userPrincipalName
    userType"""
)
_USER_DEFAULT = """businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation
    preferredLanguage surname userPrincipalName"""
_USER_FILTERS = _words(
    """id accountEnabled assignedLicenses assignedLicenses/any/skuId businessPhones/any city
    companyName country createdDateTime department displayName employeeId employeeType faxNumber
    givenName imAddresses/any jobTitle mail mailNickname mobilePhone officeLocation
    onPremisesSyncEnabled otherMails/any postalCode preferredLanguage proxyAddresses/any state
    streetAddress surname usageLocation userPrincipalName userType"""
)
_ATTRIBUTES = frozenset(
    f"onPremisesExtensionAttributes/extensionAttribute{number}" for number in range(1, 16)
)

USER = Kind(
    name="microsoft.graph.user",
    collection="users",
    properties=_USER_REST | _USER_LISTS | _USER_ALONE,
    default=tuple(_USER_DEFAULT.split()),
    lists=_USER_LISTS,
    alone=_USER_ALONE,
    filterable=_USER_FILTERS | _ATTRIBUTES,
    sortable=_words("displayName userPrincipalName"),
    # Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/5572
    untracked=_USER_ALONE | {"licenseAssignmentStates"},
)

_GROUP_LISTS = _words(
    """assignedLabels assignedLicenses creationOptions groupTypes infoCatalogs
    onPremisesProvisioningErrors proxyAddresses resourceBehaviorOptions
    resourceProvisioningOptions serviceProvisioningErrors"""
)
_GROUP_ALONE = _words(
    """allowExternalSenders autoSubscribeNewMembers hideFromAddressLists hideFromOutlookClients
    isSubscribedByMail unseenCount"""
)
_GROUP_DEFAULT = """id deletedDateTime classification createdDateTime creationOptions description
    displayName expirationDateTime groupTypes isAssignableToRole mail mailEnabled mailNickname
    membershipRule membershipRuleProcessingState onPremisesDomainName onPremisesLastSyncDateTime
    onPremisesNetBiosName onPremisesSamAccountName onPremisesSecurityIdentifier
    onPremisesSyncEnabled preferredDataLocation preferredLanguage proxyAddresses renewedDateTime
    resourceBehaviorOptions resourceProvisioningOptions securityEnabled securityIdentifier theme
    uniqueName visibility onPremisesProvisioningErrors serviceProvisioningErrors"""

GROUP = Kind(
    name="microsoft.graph.group",
    collection="groups",
    properties=_words(_GROUP_DEFAULT) | _GROUP_LISTS | _GROUP_ALONE,
    default=tuple(_GROUP_DEFAULT.split()),
    lists=_GROUP_LISTS,
    alone=_GROUP_ALONE,
    filterable=_words(
        """id createdDateTime description displayName groupTypes/any mail mailEnabled mailNickname
        onPremisesSyncEnabled proxyAddresses/any securityEnabled visibility"""
    ),
    sortable=_words("displayName"),
)

_CONTACT_DEFAULT = """id addresses companyName deletedDateTime department displayName givenName
    jobTitle mail mailNickname onPremisesLastSyncDateTime onPremisesProvisioningErrors
    onPremisesSyncEnabled phones proxyAddresses serviceProvisioningErrors surname"""

ORG_CONTACT = Kind(
    name="microsoft.graph.orgContact",
    collection="contacts",
    properties=_words(_CONTACT_DEFAULT),
    default=tuple(_CONTACT_DEFAULT.split()),
    lists=_words(
        """addresses onPremisesProvisioningErrors phones proxyAddresses
        serviceProvisioningErrors"""
    ),
    alone=frozenset(),
    filterable=_words(
        """id companyName department displayName givenName jobTitle mail mailNickname
        onPremisesSyncEnabled proxyAddresses/any surname"""
    ),
    sortable=_words("displayName"),
)

KINDS = (USER, GROUP, ORG_CONTACT)


def kind_of(tenant: Tenant, object_id: str) -> Kind | None:
    """The kind of the object with this id, or None where there is none."""
    return next((kind for kind in KINDS if object_id in kind.rows(tenant)), None)
