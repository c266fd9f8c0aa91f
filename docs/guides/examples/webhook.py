"""Verifies a webhook message of Ndoba: Standard Webhooks, symmetric signatures (v1).

Give it the headers with lower-case names, the body's octets exactly as they came, the secrets (whsec_...) that you hold,
and the time now in seconds. It gives the message, or raises ValueError: then answer 400 and do nothing.
"""

import base64
import hashlib
import hmac
import json

TOLERANCE = 300  # seconds: an older message is somebody's who recorded it


def verify(headers, body, secrets, now):
    identifier, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(now - int(timestamp)) > TOLERANCE:
        raise ValueError("too old, or from the future")
    signed = f"{identifier}.{timestamp}.".encode() + body
    ours = [
        hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        for secret in secrets
    ]
    for signature in headers["webhook-signature"].split(" "):
        version, _, value = signature.partition(",")
        if version != "v1":
            continue  # one that we do not know
        if any(hmac.compare_digest(base64.b64decode(value), one) for one in ours):
            return json.loads(body)
    raise ValueError("signed by nobody we know")
