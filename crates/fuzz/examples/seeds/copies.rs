//! Signed copies of agreements: signatures by `openssl`, a document written by hand.

use super::{Outcome, Seeds};

const DOCUMENT: [&str; 4] = [
    "<< /Type /Catalog /Pages 2 0 R /Lang (ka-GE) >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
    "<< /Length 5 >>\nstream\nBT ET\nendstream",
];
const FORM: &str = "<< /Fields [6 0 R] /SigFlags 3 >>";
const FIELD: &str = "<< /FT /Sig /T (Signature) /Subtype /Widget /Rect [0 0 0 0] /P 3 0 R /V 7 0 R >>";

pub(super) fn make(seeds: &Seeds) -> Outcome {
    std::fs::write(seeds.work.join("content"), b"agreed")?;
    for (name, key) in [("p256", "ec -pkeyopt ec_paramgen_curve:P-256"), ("rsa", "rsa:2048")] {
        seeds.openssl(&format!("req -x509 -nodes -keyout k.pem -subj /CN=x -newkey {key} -out c.pem"))?;
        for (form, options) in [
            ("detached", "-md sha256"),
            ("cades", "-md sha384 -cades -nodetach"),
            ("bare", "-noattr -nodetach"),
        ] {
            seeds.openssl(&format!(
                "cms -sign -binary -in content -signer c.pem -inkey k.pem -outform DER -out signed {options}"
            ))?;
            seeds.add_file("signed_data", &format!("{name}-{form}"), "signed")?;
        }
    }
    let document = section("%PDF-1.7\n", &numbered(&DOCUMENT), "");
    seeds.add("signed_pdf", "unsigned", document.as_bytes())?;
    let signature =
        "<< /Type /Sig /SubFilter /ETSI.CAdES.detached /Contents <30000000> /ByteRange [0 AAAA BBBB CCCC] >>";
    let catalog = DOCUMENT[0].replace(" >>", " /AcroForm 5 0 R >>");
    let page = DOCUMENT[2].replace(" >>", " /Annots [6 0 R] >>");
    let objects = [(1, &*catalog), (3, &*page), (5, FORM), (6, FIELD), (7, signature)];
    let previous = document.rsplit("startxref\n").next().and_then(|end| end.split('\n').next());
    let trailer = format!(" /Prev {}", previous.ok_or("no table")?);
    let file = section(&document, &objects, &trailer);
    let gap = file.find("<30000000>").ok_or("no contents")?;
    let behind = gap + "<30000000>".len();
    let numbers = [("AAAA", gap), ("BBBB", behind), ("CCCC", file.len() - behind)];
    let ranged =
        numbers.iter().fold(file, |file, (letters, number)| file.replace(letters, &format!("{number:4}")));
    seeds.add("signed_pdf", "signed", ranged.as_bytes())
}

fn numbered(objects: &[&'static str]) -> Vec<(usize, &'static str)> {
    objects.iter().enumerate().map(|(place, object)| (place + 1, *object)).collect()
}

/// Objects with their table behind what is there already.
fn section(before: &str, objects: &[(usize, &str)], trailer: &str) -> String {
    let mut file = before.to_owned();
    let mut table = String::from("xref\n0 1\n0000000000 65535 f \n");
    for (number, object) in objects {
        table.push_str(&format!("{number} 1\n{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let place = file.len();
    format!("{file}{table}trailer\n<< /Size 8 /Root 1 0 R{trailer} >>\nstartxref\n{place}\n%%EOF\n")
}
