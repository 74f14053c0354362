"""Certificates made on the spot, and the files and clients that hold them."""

import ssl
from pathlib import Path

import trustme

HOST = "localhost"


class Keys:
    """A CA, a server certificate that it signed, and both as files in a directory."""

    def __init__(self, directory: Path) -> None:
        self.ca = trustme.CA()
        self.ca_file = directory / "ca.crt"
        self.cert_file = directory / "server.crt"
        self.key_file = directory / "server.key"
        self.ca_file.write_bytes(self.ca.cert_pem.bytes())
        self.issue()

    def issue(self, key_type: trustme.KeyType = trustme.KeyType.ECDSA) -> None:
        """Write a new server certificate and key in place of those there were."""
        issued = self.ca.issue_cert(HOST, "127.0.0.1", key_type=key_type)
        self.key_file.write_bytes(issued.private_key_pem.bytes())
        self.cert_file.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))

    def client(self, *sans: str, ca: trustme.CA | None = None) -> ssl.SSLContext:
        """Return a client that trusts our CA; with `sans` it has a certificate, signed by `ca`."""
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        if sans:
            (ca or self.ca).issue_cert(*sans).configure_cert(context)
        return context
