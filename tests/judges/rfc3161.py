"""Asks a unit for a token and verifies it with rfc3161-client (Sigstore's, written in Rust over OpenSSL).

Arguments: the unit's address, the root, the CA that certified the unit, both PEM. Prints serial number and genTime.
"""

import secrets
import sys
import urllib.request

from cryptography import x509
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerifierBuilder, VerificationError
from rfc3161_client import decode_timestamp_response

address, root, issuing = sys.argv[1:4]


def certificate(path):
    return x509.load_pem_x509_certificate(open(path, "rb").read())


def ask(request):
    post = urllib.request.Request(
        address, data=request.as_bytes(), headers={"Content-Type": "application/timestamp-query"}
    )
    # Whatever proxy the environment names: this goes to loopback.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(post, timeout=30) as answer:
        return decode_timestamp_response(answer.read())


for algorithm in (HashAlgorithm.SHA256, HashAlgorithm.SHA512):
    data = secrets.token_bytes(100)
    builder = TimestampRequestBuilder().data(data).hash_algorithm(algorithm).nonce(nonce=True)
    request = builder.cert_request(cert_request=True).build()
    response = ask(request)
    verifier = VerifierBuilder().add_root_certificate(certificate(root))
    verifier = verifier.add_intermediate_certificate(certificate(issuing)).nonce(request.nonce).build()
    verifier.verify_message(response, data)
    try:
        verifier.verify_message(response, data + b"!")
    except VerificationError:
        pass
    else:
        sys.exit("it verifies other data too: this judge judges nothing")
    print(response.tst_info.serial_number, response.tst_info.gen_time)
