//! Signed copies of agreements, as anybody may have made them.

use ndoba_registration::signed_copy::{Updates, signatures_in};
use ndoba_x509::{SignedData, oid};

/// A CMS with signers, each held against the certificate that it brought.
pub(crate) fn signed_data(bytes: &[u8]) -> bool {
    let Ok(signed) = SignedData::from_der(bytes) else { return false };
    let content = signed.content().unwrap_or_default();
    for signer in signed.signers() {
        let Some(certificate) = signed.certificate_of(signer) else { continue };
        assert!(signer.names(certificate), "another signer's certificate was found");
        if signer.verify(certificate, oid::DATA, &[content]).is_ok() {
            let longer = signer.verify(certificate, oid::DATA, &[content, b"x"]);
            assert!(longer.is_err(), "one signature is over two contents");
        }
    }
    !signed.signers().is_empty()
}

/// A document, up to its first end, and what was written behind it.
pub(crate) fn signed_pdf(bytes: &[u8]) -> bool {
    const END: &[u8] = b"%%EOF";
    let found = signatures_in(bytes);
    let Some(end) = bytes.windows(END.len()).position(|word| word == END) else { return false };
    let (agreement, _) = bytes.split_at(end + END.len());
    let Ok(updates) = Updates::read(bytes, agreement) else { return false };
    let covered = found.iter().flatten().filter(|signature| updates.covered_by(signature));
    let covered = covered.inspect(|signature| {
        let [before, behind] = signature.covered;
        assert!(before.starts_with(agreement), "a signature that leaves the agreement out");
        let whole = [before, &bytes[signature.gap.clone()], behind].concat();
        assert!(bytes.starts_with(&whole), "a signature that leaves something else out");
    });
    covered.count() > 0
}
