"""A signature that must stand for years, made and judged by pyHanko: PAdES-B-LTA on our time-stamps, with our OCSP
answers embedded, validated offline from what is in the file (EN 319 102-1 §5.6.3). The answers are read with python-cryptography first.

    pades.py FOLDER SIGNER-KEY SIGNER-CERTIFICATE OCSP-URL TSA-URL

FOLDER holds pki/{root,signature,time-stamping,tsu}.pem. Exit status 0, and the line "valid", when both accept.
"""

import asyncio
import pathlib
import sys
import urllib.request
from datetime import datetime, timezone
from io import BytesIO

from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import pem as asn1_pem
from asn1crypto import tsp as asn1_tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.pdf_utils import generic
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

ARCHIVE_CUTOFF = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.6")
CERT_HASH = x509.ObjectIdentifier("1.3.36.8.3.13")


def post(url, media_type, body):
    request = urllib.request.Request(url, data=body, headers={"Content-Type": media_type})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def load(path):
    data = pathlib.Path(path).read_bytes()
    _, _, der = asn1_pem.unarmor(data)
    return der


def status(url, certificate, issuer):
    """An OCSP answer about `certificate`, read by python-cryptography; its octets."""
    subject, above = x509.load_der_x509_certificate(certificate), x509.load_der_x509_certificate(issuer)
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
    return der


class OurTimeStamper(timestamps.TimeStamper):
    def __init__(self, url):
        super().__init__()
        self.url = url

    async def async_request_tsa_response(self, req):
        reply = post(self.url, "application/timestamp-query", req.dump())
        return asn1_tsp.TimeStampResp.load(reply)


def one_page():
    writer = PdfFileWriter(stream_xrefs=True)
    content = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.insert_page(PageObject(contents=content, media_box=generic.ArrayObject(map(generic.NumberObject, (0, 0, 200, 200)))))
    out = BytesIO()
    writer.write(out)
    out.seek(0)
    return out


def main(folder, key, certificate, ocsp_url, tsa_url):
    folder = pathlib.Path(folder)
    root, ca, ts_ca, tsu = (
        load(folder / f"pki/{name}.pem") for name in ("root", "signature", "time-stamping", "tsu")
    )
    person = load(certificate)
    answers = [
        status(ocsp_url, *pair) for pair in ((person, ca), (ca, root), (tsu, ts_ca), (ts_ca, root))
    ]
    print("cryptography reads every answer")

    parsed = {name: asn1_x509.Certificate.load(der) for name, der in
              {"root": root, "ca": ca, "ts_ca": ts_ca, "tsu": tsu}.items()}
    signer = signers.SimpleSigner.load(str(key), str(certificate), other_certs=[parsed["ca"]])
    context = ValidationContext(
        trust_roots=[parsed["root"]],
        other_certs=[parsed["ca"], parsed["ts_ca"], parsed["tsu"]],
        ocsps=[asn1_ocsp.OCSPResponse.load(der) for der in answers],
        allow_fetching=False,
        revocation_mode="require",
    )
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature",
        subfilter=fields.SigSeedSubFilter.PADES,
        embed_validation_info=True,
        use_pades_lta=True,
        validation_context=context,
        md_algorithm="sha256",
    )
    pdf = signers.sign_pdf(
        IncrementalPdfFileWriter(one_page()), metadata, signer=signer, timestamper=OurTimeStamper(tsa_url)
    )
    reader = PdfFileReader(BytesIO(pdf.getvalue()))
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[parsed["root"]]),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
    )
    spec = SignatureValidationSpec(
        cert_validation_policy=policy,
        # From the file and from nowhere else.
        revinfo_gathering_policy=RevocationInfoGatheringSpec(
            online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY
        ),
    )
    verdict = asyncio.run(
        ades_lta_validation(reader.embedded_signatures[0], PdfSignatureValidationSpec(spec))
    )
    print(verdict.ades_subindic, verdict.failure_msg or "")
    assert verdict.ades_subindic == AdESPassed.OK, verdict
    print("valid")


if __name__ == "__main__":
    main(*sys.argv[1:])
