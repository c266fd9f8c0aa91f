"""Agreements signed by pyHanko, as subscribers' programs do it (PAdES B-B, or a detached CMS).

    sign_agreement.py AGREEMENT SIGNER OUT HOW [AGREEMENT SIGNER OUT HOW]...

SIGNER.key and SIGNER.pem sign. HOW is `plain`; `visible`, with the field on the first page; `twice`, a second field being
signed behind the first; `detached`, the CMS alone; or `edited`, the first page being cut before it is signed. Exit status 0
when each OUT is written.
"""

import asyncio
import io
import pathlib
import sys

from asn1crypto import keys, pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.generic import ArrayObject, NumberObject, pdf_name
from pyhanko.sign import fields, signers


def from_pem(path):
    _, _, der = pem.unarmor(pathlib.Path(path).read_bytes())
    return der


def signed(document, signer, name, visible=False, edited=False):
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    if edited:
        page = writer.root["/Pages"]["/Kids"][0]
        page[pdf_name("/MediaBox")] = ArrayObject(map(NumberObject, (0, 0, 595, 400)))
        writer.update_container(page)
    if visible:
        fields.append_signature_field(writer, fields.SigFieldSpec(name, on_page=0, box=(300, 20, 500, 60)))
    metadata = signers.PdfSignatureMetadata(
        field_name=name, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    out = io.BytesIO()
    signers.sign_pdf(writer, metadata, signer=signer, output=out)
    return out.getvalue()


def sign(agreement, signer, out, how):
    document = pathlib.Path(agreement).read_bytes()
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(from_pem(signer + ".pem")),
        signing_key=keys.PrivateKeyInfo.load(from_pem(signer + ".key")),
        cert_registry=None,
    )
    if how == "detached":
        made = asyncio.run(signer.async_sign_general_data(document, "sha256", detached=True)).dump()
    else:
        made = signed(document, signer, "Subscriber", how == "visible", how == "edited")
        if how == "twice":
            made = signed(made, signer, "Subject")
    pathlib.Path(out).write_bytes(made)


if __name__ == "__main__":
    words = iter(sys.argv[1:])
    for one in zip(words, words, words, words, strict=True):
        sign(*one)
