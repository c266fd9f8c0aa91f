//! The section of the configuration for the next CA: the present one's, with its own name, keys and files.

use std::path::Path;

use anyhow::Context as _;
use ndoba_types::CaName;
use toml::{Table, Value};

/// The section's text, to be appended to `configuration`.
pub(super) fn text(configuration: &str, present: &CaName, next: &CaName) -> anyhow::Result<String> {
    let configuration: Table = configuration.parse()?;
    let sections = configuration.get("cas").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named = |section: &&Value| section.get("name").and_then(Value::as_str) == Some(present.as_str());
    let section = sections.iter().find(named).and_then(Value::as_table);
    let mut section = section.with_context(|| format!("the configuration file has no CA {present}"))?.clone();
    section.insert("name".into(), next.as_str().into());
    let own_key = |table: &mut Table, member: &str, purpose: &str| {
        if table.contains_key(member) {
            table.insert(member.into(), format!("{next}/{purpose}/1").into());
        }
    };
    own_key(&mut section, "key", "ca");
    own_file(&mut section, &format!("{next}.pem"))?;
    if let Some(ocsp) = section.get_mut("ocsp").and_then(Value::as_table_mut) {
        own_key(ocsp, "key", "ocsp");
        own_key(ocsp, "enrolment", "enrolment");
        own_file(ocsp, &format!("{next}-ocsp.pem"))?;
    }
    let mut alone = Table::new();
    alone.insert("cas".into(), Value::Array(vec![Value::Table(section)]));
    Ok(format!("\n# Written by `ndoba ceremony next-ca`: follows {present}.\n{}", toml::to_string(&alone)?))
}

/// A file beside the one that is named there.
fn own_file(table: &mut Table, name: &str) -> anyhow::Result<()> {
    let present =
        table.get("certificate").and_then(Value::as_str).context("a section names no certificate")?;
    let own = Path::new(present).with_file_name(name);
    let own = own.to_str().context("a path of the configuration is no text")?.to_owned();
    table.insert("certificate".into(), own.into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_section_is_the_present_one_with_keys_and_files_of_its_own() {
        let present = "mode = \"development\"\n\n[[cas]]\nname = \"root\"\ncertificate = \"pki/root.pem\"\n\n[[cas]]\n\
            name = \"signature\"\ntoken = \"issuing\"\nkey = \"signature/ca/1\"\nalgorithm = \"ecdsa-p384-sha384\"\n\
            certificate = \"pki/signature.pem\"\n\n[cas.crl]\npublish_every = \"6h\"\n\n[cas.ocsp]\ntoken = \"ocsp\"\n\
            key = \"signature/ocsp/3\"\nalgorithm = \"ecdsa-p256-sha256\"\ncertificate = \"pki/signature-ocsp.pem\"\n\
            enrolment = \"signature/enrolment/1\"\nunissued = \"revoked\"\n";
        let (ca, next) = ("signature".parse().unwrap(), "signature-2".parse().unwrap());
        let whole: Table = (present.to_owned() + &text(present, &ca, &next).unwrap()).parse().unwrap();
        let added = whole["cas"].as_array().unwrap().last().unwrap();
        let wanted: Table = "name = \"signature-2\"\ntoken = \"issuing\"\nkey = \"signature-2/ca/1\"\n\
            algorithm = \"ecdsa-p384-sha384\"\ncertificate = \"pki/signature-2.pem\"\n[crl]\npublish_every = \"6h\"\n\
            [ocsp]\ntoken = \"ocsp\"\nkey = \"signature-2/ocsp/1\"\nalgorithm = \"ecdsa-p256-sha256\"\n\
            certificate = \"pki/signature-2-ocsp.pem\"\nenrolment = \"signature-2/enrolment/1\"\nunissued = \"revoked\"\n"
            .parse()
            .unwrap();
        assert_eq!(added.as_table().unwrap(), &wanted);
        assert_eq!(whole["cas"].as_array().unwrap().len(), 3);
        assert!(text("mode = \"development\"\n", &ca, &next).is_err());
    }
}
