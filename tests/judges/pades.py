"""Documents that keep, made and judged by pyHanko: a time-stamp on a document, and a signature that can be judged years later
(PAdES B-LTA), with certificate, OCSP answers, list and time-stamps that are all ours (EN 319 102-1 §5.6.3; K-O13, K-T13).
The OCSP answers are read with python-cryptography first.

    pades.py BASE FOLDER SIGNER-KEY SIGNER-CERTIFICATE

BASE is the public address (http://host:port); FOLDER holds pki/{root,signature,time-stamping,tsu}.pem and
published/crl/root.crl. Exit status 0, and the line "valid, now and later", when all accept.
"""

import asyncio
import io
import logging
import pathlib
import sys
import urllib.request
from datetime import datetime, timedelta, timezone

from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import pem, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import validate_pdf_timestamp
from pyhanko.sign.validation.ades import ades_lta_validation, simulate_future_ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
)
from pyhanko_certvalidator.registry import SimpleCertificateStore, SimpleTrustManager

ARCHIVE_CUTOFF = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.6")
CERT_HASH = x509.ObjectIdentifier("1.3.36.8.3.13")
# Whatever proxy the environment names: this goes to loopback.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(url, media_type, body):
    request = urllib.request.Request(url, data=body, headers={"Content-Type": media_type})
    with DIRECT.open(request, timeout=60) as answer:
        return answer.read()


def from_pem(path):
    _, _, der = pem.unarmor(pathlib.Path(path).read_bytes())
    return der


class OurTsa(TimeStamper):
    def __init__(self, url):
        super().__init__()
        self.url = url

    async def async_request_tsa_response(self, req):
        return tsp.TimeStampResp.load(post(self.url, "application/timestamp-query", req.dump()))


def status(url, certificate, issuer):
    """An OCSP answer about `certificate`, read by python-cryptography; for pyHanko."""
    subject, above = (x509.load_der_x509_certificate(one.dump()) for one in (certificate, issuer))
    builder = ocsp.OCSPRequestBuilder().add_certificate(subject, above, hashes.SHA256())
    der = post(url, "application/ocsp-request", builder.build().public_bytes(serialization.Encoding.DER))
    answer = ocsp.load_der_ocsp_response(der)
    assert answer.response_status == ocsp.OCSPResponseStatus.SUCCESSFUL, answer.response_status
    assert answer.certificate_status == ocsp.OCSPCertStatus.GOOD, answer.certificate_status
    assert answer.serial_number == subject.serial_number
    assert answer.responder_name is None and len(answer.responder_key_hash) == 20
    now = datetime.now(timezone.utc)
    assert answer.this_update_utc <= answer.produced_at_utc <= now < answer.next_update_utc
    [responder] = answer.certificates
    responder.verify_directly_issued_by(above)
    assert responder.not_valid_after_utc > answer.next_update_utc
    usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.ExtendedKeyUsageOID.OCSP_SIGNING]
    responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    singles = {one.oid: one.critical for one in answer.single_extensions}
    assert singles == {ARCHIVE_CUTOFF: False, CERT_HASH: False}, singles
    return asn1_ocsp.OCSPResponse.load(der)


def one_page():
    writer = PdfFileWriter(stream_xrefs=True)
    content = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    box = generic.ArrayObject(map(generic.NumberObject, (0, 0, 200, 200)))
    writer.insert_page(PageObject(contents=content, media_box=box))
    out = io.BytesIO()
    writer.write(out)
    out.seek(0)
    return IncrementalPdfFileWriter(out)


def validation(root, revocation):
    """As somebody who has only the root, and what is in the document."""
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[root]), revinfo_policy=CertRevTrustPolicy(revocation)
    )
    gathering = RevocationInfoGatheringSpec(online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY)
    return PdfSignatureValidationSpec(SignatureValidationSpec(policy, revinfo_gathering_policy=gathering))


def signature(document):
    return PdfFileReader(document).embedded_regular_signatures[0]


def judged(root, document):
    verdict = asyncio.run(ades_lta_validation(signature(document), validation(root, REQUIRE_REVINFO)))
    return verdict.ades_subindic, verdict.failure_msg


def judged_later(root, document, later):
    """The archive stamped it again in time."""

    async def judge():
        rules = validation(root, RevocationCheckingPolicy.from_legacy("hard-fail"))
        return await simulate_future_ades_lta_validation(signature(document), rules, later)

    verdict = asyncio.run(judge())
    return verdict.ades_subindic, verdict.failure_msg


def main(base, folder, key, certificate):
    # pyHanko logs each path that it tried and that did not hold; the verdict says what matters.
    logging.disable(logging.CRITICAL)
    folder = pathlib.Path(folder)
    load = lambda path: asn1_x509.Certificate.load(from_pem(path))
    root, ca, ts_ca, tsu = (load(folder / f"pki/{name}.pem") for name in ("root", "signature", "time-stamping", "tsu"))
    signer = load(certificate)
    pairs = ((signer, ca), (tsu, ts_ca), (ca, root), (ts_ca, root))
    answers = [status(base + "/ocsp", *pair) for pair in pairs]
    print("cryptography reads every answer")
    # An answer for each end entity, the root's list for the CAs: two answers of one responder would make pyHanko take the
    # wrong one's number for a reason against the right one, years later.
    crl = asn1_crl.CertificateList.load((folder / "published/crl/root.crl").read_bytes())

    def knowing_all():
        return ValidationContext(
            trust_roots=[root],
            other_certs=[ca, ts_ca, tsu],
            ocsps=answers[:2],
            crls=[crl],
            allow_fetching=False,
            revocation_mode="hard-fail",
        )

    # A document time-stamp.
    tsa, stamped = OurTsa(base + "/tsa"), io.BytesIO()
    stamper = signers.PdfTimeStamper(tsa)
    stamper.timestamp_pdf(one_page(), "sha256", validation_context=knowing_all(), output=stamped)
    verdict = validate_pdf_timestamp(PdfFileReader(stamped).embedded_timestamp_signatures[0], knowing_all())
    assert verdict.valid and verdict.trusted and verdict.intact, verdict.summary()
    print("document time-stamp:", verdict.summary())

    # A signature that keeps.
    registry = SimpleCertificateStore()
    registry.register_multiple([root, ca, ts_ca])
    private = asn1_keys.PrivateKeyInfo.load(from_pem(key))
    hand = signers.SimpleSigner(signing_cert=signer, signing_key=private, cert_registry=registry)
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature",
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        validation_context=knowing_all(),
        embed_validation_info=True,
        use_pades_lta=True,
    )
    signed = io.BytesIO()
    signers.sign_pdf(one_page(), metadata, signer=hand, timestamper=tsa, output=signed)
    assert len(PdfFileReader(signed).embedded_timestamp_signatures) == 1

    verdict = judged(root, signed)
    assert verdict[0] == AdESPassed.OK, verdict
    later = datetime.now(timezone.utc) + timedelta(days=9 * 365)
    assert signer.not_valid_after < later < tsu.not_valid_after
    verdict = judged_later(root, signed, later)
    assert verdict[0] == AdESPassed.OK, verdict
    print("signature, judged", later.date(), verdict[0])

    # The judge judges: one octet of the page is another.
    whole = signed.getvalue()
    at = whole.index(b"200", whole.index(b"/MediaBox"))
    verdict = judged_later(root, io.BytesIO(whole[:at] + b"201" + whole[at + 3 :]), later)
    assert verdict[0] != AdESPassed.OK, verdict
    print("forged:", verdict[0])
    print("valid, now and later")


if __name__ == "__main__":
    main(*sys.argv[1:])
