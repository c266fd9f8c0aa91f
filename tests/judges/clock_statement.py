"""Verifies a clock's statement without our code: arguments are the statement and the public key, PEM.

ES256 by the `cryptography` package; header and payload by the standard library. Prints the payload.
"""

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils


def octets(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


jws = json.load(open(sys.argv[1]))
key = serialization.load_pem_public_key(open(sys.argv[2], "rb").read())
der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
header = json.loads(octets(jws["protected"]))
assert header == {"alg": "ES256", "kid": hashlib.sha256(der).hexdigest(), "typ": "ndoba-clock+jws"}, header
raw = octets(jws["signature"])
assert len(raw) == 64
signature = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
signed = (jws["protected"] + "." + jws["payload"]).encode()
key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
print(octets(jws["payload"]).decode())
