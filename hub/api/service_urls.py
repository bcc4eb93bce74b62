"""Base addresses of partners, as an operator gives them."""

from urllib.parse import urlsplit


def checked_url(url: str) -> str:
    """Return the address without a trailing slash.

    Whether the hub may call it is judged anew at every attempt; this refuses what never can be.
    """
    parts = urlsplit(url)
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in {"https", "http"} or not parts.hostname or not plain:
        message = "https://host/path, without a name, a query or a fragment"
        raise ValueError(message)
    return url.rstrip("/")
