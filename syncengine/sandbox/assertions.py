"""Certificate assertions: a client proves itself by a JWT that its certificate's key signed.

Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

ALGORITHMS = ("PS256", "RS256")
# Clocks of client and server may differ by this much.
LEEWAY_S = 300


class BadAssertion(Exception):
    """Why an assertion does not prove its sender; the text goes into the error description."""


def check_assertion(
    assertion: str, certificates: Iterable[str], *, client_id: str, audiences: list[str], now: float
) -> None:
    """Pass if one of the app's registered certificates (PEM) signed this assertion, else raise.

    Raises BadAssertion.
    """
    header = _header(assertion)
    certificate = _registered(header, certificates)
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadAssertion("The certificate's key is not an RSA key.")
    try:
        claims = jwt.decode(
            assertion,
            key,
            algorithms=ALGORITHMS,
            audience=audiences,
            options={
                # Not `nbf`: Microsoft's own msal leaves it out.
                "require": ["aud", "iss", "sub", "exp", "jti"],
                # Time is told by the sandbox's clock, below.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidTokenError as error:
        raise BadAssertion(str(error)) from error
    _check_claims(claims, client_id, now)


def _header(assertion: str) -> dict[str, Any]:
    try:
        return jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError as error:
        raise BadAssertion("The assertion is not a JWT.") from error


def _registered(header: dict[str, Any], certificates: Iterable[str]) -> x509.Certificate:
    named = header.get("x5t#S256"), header.get("x5t")
    for pem in certificates:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        if named[0] and _thumbprint(certificate, hashes.SHA256()) == named[0].rstrip("="):
            return certificate
        # The older form names the certificate by SHA-1; it names, it does not protect.
        if named[1] and _thumbprint(certificate, hashes.SHA1()) == named[1].rstrip("="):  # noqa: S303
            return certificate
    raise BadAssertion("[Reason - The key was not found.]")


def _thumbprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).decode().rstrip("=")


def _check_claims(claims: dict[str, Any], client_id: str, now: float) -> None:
    if claims["iss"] != client_id or claims["sub"] != client_id:
        raise BadAssertion("'iss' and 'sub' must be the client id.")
    if claims["exp"] + LEEWAY_S <= now:
        raise BadAssertion("[Reason - The assertion is expired.]")
    if claims.get("nbf", now) - LEEWAY_S > now:
        raise BadAssertion("[Reason - The assertion is not valid yet.]")
