"""A certificate authority of this emulator's own, and the certificate its server shows.

Real TLS: what talks to an enforcing emulator checks the certificate, as it does at AWS.
"""

from pathlib import Path

import trustme

from emulator.emulator_settings import CERTIFICATE, HOST

AUTHORITY = "authority.pem"


def issue(directory: Path) -> Path:
    """Make both anew. Answers the file of the authority, which those who call must trust."""
    authority = trustme.CA(organization_name="Emulated AWS, this machine only")
    shown = authority.issue_cert(HOST, "localhost")
    private = directory / CERTIFICATE
    private.unlink(missing_ok=True)
    private.touch(mode=0o600)  # it holds the key
    shown.private_key_and_cert_chain_pem.write_to_path(str(private))
    authority.cert_pem.write_to_path(str(directory / AUTHORITY))
    return directory / AUTHORITY
