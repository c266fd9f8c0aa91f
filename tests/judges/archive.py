"""Documents that keep: pyHanko puts a time-stamp of ours on a PDF, and signs another one so that it can be judged years
later (PAdES B-LTA), with certificate, OCSP answers, CRLs and time-stamps that are all ours (K-T13).

Arguments: the public address (http://host:port), the folder with pki/ and published/crl/, the signer's key, the
signer's certificate. Prints what pyHanko says.
"""

import asyncio
import datetime
import io
import pathlib
import sys
import urllib.request

from asn1crypto import crl, keys, ocsp, pem, tsp, x509
from cryptography import x509 as other_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp as other_ocsp
from pyhanko.pdf_utils import generic, writer
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import validate_pdf_timestamp
from pyhanko.sign.validation.ades import simulate_future_ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy
from pyhanko_certvalidator.registry import SimpleCertificateStore, SimpleTrustManager

base, folder = sys.argv[1], pathlib.Path(sys.argv[2])
key_file, certificate_file = sys.argv[3:5]
# Whatever proxy the environment names: this goes to loopback.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(path, media_type, body):
    request = urllib.request.Request(base + path, data=body, headers={"Content-Type": media_type})
    with direct.open(request, timeout=30) as answer:
        return answer.read()


class OurTsa(TimeStamper):
    async def async_request_tsa_response(self, req):
        return tsp.TimeStampResp.load(post("/tsa", "application/timestamp-query", req.dump()))


def certificate(path):
    _, _, der = pem.unarmor(pathlib.Path(path).read_bytes())
    return x509.Certificate.load(der)


def status(subject, issuer):
    as_theirs = lambda one: other_x509.load_der_x509_certificate(one.dump())
    builder = other_ocsp.OCSPRequestBuilder().add_certificate(as_theirs(subject), as_theirs(issuer), hashes.SHA256())
    request = builder.build().public_bytes(serialization.Encoding.DER)
    return ocsp.OCSPResponse.load(post("/ocsp", "application/ocsp-request", request))


def blank():
    pdf = writer.PdfFileWriter()
    contents = pdf.add_object(generic.StreamObject(stream_data=b""))
    pdf.insert_page(writer.PageObject(contents=contents, media_box=(0, 0, 200, 200)))
    out = io.BytesIO()
    pdf.write(out)
    return out


root = certificate(folder / "pki/root.pem")
cas = {name: certificate(folder / f"pki/{name}.pem") for name in ("signature", "time-stamping")}
tsu, signer = certificate(folder / "pki/tsu.pem"), certificate(certificate_file)
# An answer for each end entity, the root's list for the CAs. (Two answers of one responder would make pyHanko take the
# wrong one's number for a reason against the right one, years later.)
answers = [status(signer, cas["signature"]), status(tsu, cas["time-stamping"])]
lists = [crl.CertificateList.load((folder / "published/crl/root.crl").read_bytes())]


def knowing_all():
    return ValidationContext(
        trust_roots=[root],
        other_certs=[*cas.values(), tsu],
        ocsps=answers,
        crls=lists,
        allow_fetching=False,
        revocation_mode="hard-fail",
    )


# A document time-stamp.
stamped = io.BytesIO()
stamper = signers.PdfTimeStamper(OurTsa())
stamper.timestamp_pdf(IncrementalPdfFileWriter(blank()), "sha256", validation_context=knowing_all(), output=stamped)
stamp = PdfFileReader(stamped).embedded_timestamp_signatures[0]
verdict = validate_pdf_timestamp(stamp, knowing_all())
assert verdict.valid and verdict.trusted and verdict.intact, verdict.summary()
print("document time-stamp:", verdict.summary())

# A signature that keeps.
registry = SimpleCertificateStore()
registry.register_multiple([root, *cas.values()])
_, _, private = pem.unarmor(pathlib.Path(key_file).read_bytes())
hand = signers.SimpleSigner(
    signing_cert=signer, signing_key=keys.PrivateKeyInfo.load(private), cert_registry=registry
)
metadata = signers.PdfSignatureMetadata(
    field_name="Signature1",
    md_algorithm="sha256",
    subfilter=fields.SigSeedSubFilter.PADES,
    validation_context=knowing_all(),
    embed_validation_info=True,
    use_pades_lta=True,
)
signed = io.BytesIO()
signers.sign_pdf(IncrementalPdfFileWriter(blank()), metadata, signer=hand, timestamper=OurTsa(), output=signed)
assert len(PdfFileReader(signed).embedded_timestamp_signatures) == 1

later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=8 * 365)
assert signer.not_valid_after < later < tsu.not_valid_after


async def judged_later(document):
    """As somebody who has only the root, and what is in the document; the archive stamped it again in time."""
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[root]),
        revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy.from_legacy("hard-fail")),
    )
    gathering = RevocationInfoGatheringSpec(online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY)
    spec = SignatureValidationSpec(cert_validation_policy=policy, revinfo_gathering_policy=gathering)
    signature = PdfFileReader(document).embedded_regular_signatures[0]
    return await simulate_future_ades_lta_validation(signature, PdfSignatureValidationSpec(spec), later)


verdict = asyncio.run(judged_later(signed))
assert verdict.ades_subindic == AdESPassed.OK, (verdict.ades_subindic, verdict.failure_msg)
print("signature, judged", later.date(), verdict.ades_subindic)

# The judge judges: one octet of the page is another.
whole = signed.getvalue()
at = whole.index(b"200", whole.index(b"/MediaBox"))
forged = whole[:at] + b"201" + whole[at + 3 :]
verdict = asyncio.run(judged_later(io.BytesIO(forged)))
assert verdict.ades_subindic != AdESPassed.OK
print("forged:", verdict.ades_subindic)
