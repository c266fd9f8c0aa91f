//! Temporary: moves to `ndoba_x509::algorithm_identifier`.
use ndoba_types::SignatureAlgorithm;

pub(crate) fn algorithm_identifier(algorithm: SignatureAlgorithm) -> Vec<u8> {
    let text = match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => "300a06082a8648ce3d040302",
        SignatureAlgorithm::EcdsaP384Sha384 => "300a06082a8648ce3d040303",
        SignatureAlgorithm::EcdsaP521Sha512 => "300a06082a8648ce3d040304",
        SignatureAlgorithm::RsaPkcs1Sha256 => "300d06092a864886f70d01010b0500",
        SignatureAlgorithm::RsaPkcs1Sha384 => "300d06092a864886f70d01010c0500",
        SignatureAlgorithm::RsaPkcs1Sha512 => "300d06092a864886f70d01010d0500",
        SignatureAlgorithm::RsaPssSha256
        | SignatureAlgorithm::RsaPssSha384
        | SignatureAlgorithm::RsaPssSha512
        | SignatureAlgorithm::Ed25519 => "300506032b6570",
    };
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}
