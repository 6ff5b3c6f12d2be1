"""What tests need that speak plain HTTP to a server on this machine."""

from __future__ import annotations

import ssl

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Never used, and far quicker to make than one that trusts somebody: a client would make that one for itself."""
