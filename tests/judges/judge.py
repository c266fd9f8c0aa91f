"""Judges what we emit with programs that we did not write: pkilint, and asn1crypto for DER strictness.

One long-lived process, because starting pkilint costs seconds. A request is a JSON object on a line of standard
input, an answer one on a line of standard output:

    {"document": "person-qscd", "der": "<base64>"}
    {"findings": [{"severity", "code", "message", "place", "accepted"}]}      or      {"error": "..."}

`accepted` is null, or the reason from accepted.toml. Findings below WARNING are left out: they are remarks.
"""

import base64
import json
import pathlib
import sys
import tomllib

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
import pkilint.document
from pkilint import etsi, finding_filter, loader, pkix
from pkilint.etsi.etsi_constants import CertificateType
from pkilint.pkix import certificate, crl, extension, name, ocsp
from pkilint.validation import ValidationFindingSeverity
from pyasn1.codec.der.decoder import decode as decode_in_python
from pyasn1.error import PyAsn1Error

# What a test calls a document -> how it is judged. CA and responder certificates are end entities to no ETSI
# certificate type, so RFC 5280 judges them; there is no type for seals with a QSCD (requirements 7.5).
ETSI_TYPES = {
    "eu-person-qscd": CertificateType.QCP_N_QSCD_EIDAS_FINAL_CERTIFICATE,
    "person-qscd": CertificateType.QCP_N_QSCD_NON_EIDAS_FINAL_CERTIFICATE,
    "person-short-term": CertificateType.NCP_NATURAL_PERSON_CERTIFICATE,
    "person": CertificateType.NCP_NATURAL_PERSON_CERTIFICATE,
    "organisation-qscd": CertificateType.NCP_LEGAL_PERSON_CERTIFICATE,
    "organisation": CertificateType.NCP_LEGAL_PERSON_CERTIFICATE,
    "tsu": CertificateType.NCP_LEGAL_PERSON_CERTIFICATE,
}
PKIX_CERTIFICATES = {"ca", "responder"}
CRL_TYPES = {
    "crl": crl.CertificateRevocationListType.CRL,
    "arl": crl.CertificateRevocationListType.ARL,
}
OCSP_RESPONSES = {"ocsp-response"}
DOCUMENTS = {*ETSI_TYPES, *PKIX_CERTIFICATES, *CRL_TYPES, *OCSP_RESPONSES}

_decode_natively = pkilint.document.decode_der


def decode_der(substrate, asn1Spec):
    """pkilint's native decoder takes identifiers under 2.48 and above, such as the example arc 2.999 of our tests, for
    malformed (X.690 8.19.4 allows them); pyasn1's own decoder reads them right. Only for those it is asked instead."""
    try:
        return _decode_natively(substrate, asn1Spec)
    except PyAsn1Error as problem:
        if "out-of-range arc" not in str(problem):
            raise
        value, rest = decode_in_python(bytes(substrate), asn1Spec=asn1Spec)
        if rest:
            raise PyAsn1Error(f"{len(rest)} octets after the value") from None
        return value, rest


pkilint.document.decode_der = decode_der

_made = {}


def once(key, make):
    """Validators are costly to make and carry no state between documents."""
    if key not in _made:
        _made[key] = make()
    return _made[key]


def decoders():
    return [
        pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
        pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
    ]


def judge_etsi(document, der):
    kind = ETSI_TYPES[document]
    validator = once(kind, lambda: certificate.create_pkix_certificate_validator_container(
        etsi.create_decoding_validators(kind), etsi.create_validators(kind)))
    results = validator.validate(loader.RFC5280CertificateDocumentLoader().load_der_document(der).root)
    # Some RFC 5280 findings are superseded by ETSI requirements; pkilint's own command filters them likewise.
    results, _ = finding_filter.filter_results(etsi.create_etsi_finding_filters(kind), results)
    return results


def judge_pkix_certificate(der):
    validator = once("pkix", lambda: certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ]))
    return validator.validate(loader.RFC5280CertificateDocumentLoader().load_der_document(der).root)


def judge_crl(der):
    validator = once("crl", lambda: crl.create_pkix_crl_validator_container(decoders(), [
        crl.create_issuer_validator_container([]),
        crl.create_validity_validator_container([]),
        crl.create_extensions_validator_container([]),
    ]))
    return validator.validate(loader.RFC5280CertificateListDocumentLoader().load_der_document(der).root)


def judge_ocsp(der):
    validator = once("ocsp", lambda: ocsp.create_pkix_ocsp_response_validator_container(
        [ocsp.create_response_decoder(), *decoders()], []))
    return validator.validate(loader.RFC6960OCSPResponseDocumentLoader().load_der_document(der).root)


def findings_of_pkilint(document, der):
    if document in ETSI_TYPES:
        results = judge_etsi(document, der)
    elif document in PKIX_CERTIFICATES:
        results = judge_pkix_certificate(der)
    elif document in CRL_TYPES:
        results = judge_crl(der)
    else:
        results = judge_ocsp(der)
    for result in results:
        for found in result.finding_descriptions:
            if found.finding.severity <= ValidationFindingSeverity.WARNING:
                yield {
                    "severity": found.finding.severity.name,
                    "code": found.finding.code,
                    "message": found.message or "",
                    "place": result.node.path,
                }


def findings_of_asn1crypto(document, der):
    """DER is canonical: what another library decodes and encodes again must be the same bytes (K-C25)."""
    if document in CRL_TYPES:
        kind = asn1_crl.CertificateList
    elif document in OCSP_RESPONSES:
        kind = asn1_ocsp.OCSPResponse
    else:
        kind = asn1_x509.Certificate
    value = kind.load(der, strict=True)
    value.native  # decodes all of it, extensions included
    if value.copy().dump(force=True) != der:
        yield {"severity": "ERROR", "code": "der.other_bytes_when_encoded_again", "message": "", "place": ""}


class Accepted:
    """The only findings we live with, each with its reason."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.entries = tomllib.load(file)["accepted"]
        for entry in self.entries:
            unknown = set(entry["documents"]) - DOCUMENTS
            if not entry["reason"].strip() or unknown:
                raise ValueError(f"{path}: {entry['code']} has no reason, or unknown documents {unknown}")

    def reason(self, document, code):
        for entry in self.entries:
            if entry["code"] == code and document in entry["documents"]:
                return entry["reason"]
        return None


def answer(line, accepted):
    request = json.loads(line)
    document = request["document"]
    if document not in DOCUMENTS:
        raise ValueError(f"no such document: {document}")
    der = base64.b64decode(request["der"], validate=True)
    found = [*findings_of_pkilint(document, der), *findings_of_asn1crypto(document, der)]
    return {"findings": [{**each, "accepted": accepted.reason(document, each["code"])} for each in found]}


def main():
    accepted = Accepted(pathlib.Path(__file__).with_name("accepted.toml"))
    print(json.dumps({"ready": sorted(DOCUMENTS)}), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(line, accepted)
        except Exception as problem:  # whatever a judge trips over is a verdict on the document, not our end
            reply = {"error": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
