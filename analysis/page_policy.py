"""Names a page's own style and script in its content security policy: it may use no other."""

import base64
import hashlib


def hashed(text: str) -> str:
    """The source expression of a style or script that stands in the page, whole, between its tags.

    Form: Content Security Policy Level 3, section 2.3.1, `hash-source`.
    """
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
