"""Asks by OCSP about a certificate, at the address that it carries: python3 check_status.py ISSUER CERTIFICATE (PEM).

Needs the package cryptography. Believes an answer that is about this certificate, with our nonce, of now, and signed by
whom the issuer certified for it. Ends with status 1 unless it says good.
"""

import datetime
import pathlib
import secrets
import sys
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509 import ocsp

issuer, certificate = (x509.load_pem_x509_certificate(pathlib.Path(file).read_bytes()) for file in sys.argv[1:3])
certificate.verify_directly_issued_by(issuer)
access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
[url] = [one.access_location.value for one in access if one.access_method == x509.AuthorityInformationAccessOID.OCSP]

nonce = x509.OCSPNonce(secrets.token_bytes(32))
builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256())
request = builder.add_extension(nonce, critical=False).build()
body = request.public_bytes(serialization.Encoding.DER)
post = urllib.request.Request(url, body, {"Content-Type": "application/ocsp-request"})
with urllib.request.urlopen(post, timeout=30) as reply:
    answer = ocsp.load_der_ocsp_response(reply.read())
if answer.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
    sys.exit(f"no answer: {answer.response_status.name}")

# Who signed: the issuer itself, or somebody whom it certified for OCSP and nobody else.
responder = issuer
if answer.certificates:
    [responder] = answer.certificates
    responder.verify_directly_issued_by(issuer)
    usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert x509.ExtendedKeyUsageOID.OCSP_SIGNING in usage, "the signer is no OCSP responder"
key, signed = responder.public_key(), (answer.signature, answer.tbs_response_bytes)
if isinstance(key, ec.EllipticCurvePublicKey):
    key.verify(*signed, ec.ECDSA(answer.signature_hash_algorithm))
else:
    key.verify(*signed, padding.PKCS1v15(), answer.signature_hash_algorithm)

about = lambda one: (one.serial_number, one.issuer_name_hash, one.issuer_key_hash, one.hash_algorithm.name)
assert about(answer) == about(request), "the answer is about another certificate"
assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value == nonce, "the answer is not for this request"
now, doubt = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(minutes=5)
assert answer.this_update_utc - doubt <= now < answer.next_update_utc + doubt, "the answer is not of now"
assert responder.not_valid_before_utc - doubt <= now < responder.not_valid_after_utc, "the responder has ended"

status = answer.certificate_status
if status == ocsp.OCSPCertStatus.REVOKED:
    reason = answer.revocation_reason.value if answer.revocation_reason else "unspecified"
    print(f"revoked {answer.revocation_time_utc:%FT%TZ} {reason}")
else:
    print(status.name.lower())
sys.exit(status != ocsp.OCSPCertStatus.GOOD)
