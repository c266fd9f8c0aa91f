//! Documents written by hand, and what others might write behind them.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// The objects of a document with one page.
const AGREEMENT: [(u32, &str); 5] = [
    (1, "<< /Type /Catalog /Pages 2 0 R /Lang (ka-GE) >>"),
    (2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
    (3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>"),
    (4, "<< /Length 6 >>\nstream\nendobj\nendstream"),
    (5, "<< /Title (Agreement) >>"),
];
/// What a program adds for a signature whose octets are `00`.
const SIGNED: [(u32, &str); 5] = [
    (1, "<</Type/Catalog/Pages 2 0 R/Lang(ka\\055GE)/AcroForm 6 0 R/Version/2.0>>"),
    (3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.0 842.00]/Contents 4 0 R/Annots[7 0 R]>>"),
    (6, "<</Fields[7 0 R]/SigFlags 3>>"),
    (7, "<</FT/Sig/T(Signature)/Subtype/Widget/Rect[0 0 0 0]/P 3 0 R/V 8 0 R>>"),
    (8, "<</Type/Sig/Contents <3000>/ByteRange [0 AAAA BBBB CCCC]>>"),
];

/// Objects with their table behind what is there already.
fn written(before: &str, objects: &[(u32, &str)], trailer: &str) -> String {
    let mut file = before.to_owned();
    let mut table = "xref\n0 1\n0000000000 65535 f \n".to_owned();
    for (number, object) in objects {
        writeln!(table, "{number} 1\n{:010} 00000 n ", file.len()).unwrap();
        write!(file, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let previous = before.rsplit_once("startxref\n").map(|(_, end)| end.split('\n').next().unwrap());
    let previous = previous.map(|at| format!(" /Prev {at}")).unwrap_or_default();
    let place = file.len();
    format!("{file}{table}trailer\n<< {trailer}{previous} >>\nstartxref\n{place}\n%%EOF\n")
}

const TRAILER: &str = "/Size 9 /Root 1 0 R /Info 5 0 R";

fn agreement() -> String {
    written("%PDF-1.7\n", &AGREEMENT, TRAILER)
}

/// Numbers in place of the letters, as long as they.
fn ranged(file: String) -> String {
    let Some(gap) = file.rfind("<3000>") else { return file };
    let behind = gap + "<3000>".len();
    let numbers = [("AAAA", gap), ("BBBB", behind), ("CCCC", file.len() - behind)];
    numbers.iter().fold(file, |file, (letters, number)| file.replace(letters, &format!("{number:4}")))
}

fn signed_with(objects: &[(u32, &str)]) -> String {
    ranged(written(&agreement(), objects, TRAILER))
}

fn read(file: &str) -> Result<Updates, UpdateError> {
    Updates::read(file.as_bytes(), agreement().as_bytes())
}

/// The objects of a signature, some of them others.
fn but(others: &[(u32, &'static str)]) -> Result<Updates, UpdateError> {
    let mut objects = SIGNED.to_vec();
    for other in others {
        objects.retain(|(number, _)| *number != other.0);
        objects.push(*other);
    }
    read(&signed_with(&objects))
}

#[test]
fn a_signature_covers_the_whole_file() {
    let file = signed_with(&SIGNED);
    let [Some(signature)] = &signatures_in(file.as_bytes())[..] else { panic!("one signature") };
    assert_eq!((signature.cms.as_slice(), signature.end()), (&[0x30, 0][..], file.len()));
    assert_eq!(signature.covered.concat().len() + "<3000>".len(), file.len());
    assert!(read(&file).unwrap().covered_by(signature));

    // Another signature behind it covers all, and the first one what was there then.
    let second =
        [(1, SIGNED[0].1), (9, "<</FT/Sig/V 10 0 R>>"), (10, SIGNED[4].1), (6, "<</Fields[7 0 R 9 0 R]>>")];
    let twice = ranged(written(&file, &second, TRAILER));
    let updates = read(&twice).unwrap();
    let found: Vec<_> = signatures_in(twice.as_bytes()).into_iter().flatten().collect();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|signature| updates.covered_by(signature)));
    // A range that is in no signature dictionary, though it covers all.
    let other = file
        .replace("/ByteRange [", "/ByteRangs [")
        .replace(">>\nendobj\nxref", ">>\nendobj\n%/ByteRange [\nxref");
    assert!(signatures_in(other.as_bytes()).iter().all(Option::is_none));
    let longer = format!("{file}\n");
    let longer = (signatures_in(longer.as_bytes()), read(&longer).unwrap());
    assert!(!longer.1.covered_by(longer.0[0].as_ref().unwrap()));
}

#[test]
fn a_document_is_changed() {
    assert!(but(&[]).is_ok());
    let changes: [&[(u32, &str)]; 13] = [
        &[(4, "<< /Length 6 >>\nstream\nendobj\nendstream")],
        &[(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")],
        &[(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 400]/Contents 4 0 R/Annots[7 0 R]>>")],
        &[(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 9 0 R>>")],
        &[(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>")],
        &[(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/AA 9 0 R>>")],
        &[(1, "<</Type/Catalog/Pages 9 0 R/Lang(ka-GE)/AcroForm 6 0 R>>")],
        &[(1, "<</Type/Catalog/Pages 2 0 R/Lang(ka-GE)/AcroForm 6 0 R/OpenAction 9 0 R>>")],
        &[(1, "<</Type/Catalog/Pages 2 0 R/Lang(ka-GE)/AcroForm 9 0 R>>")],
        &[(6, "<</Fields[7 0 R]/XFA 9 0 R>>")],
        &[(7, "<</FT/Tx/Subtype/Widget/Rect[0 0 595 842]>>")],
        &[(7, "<</FT/Sig/Subtype/FreeText/Rect[0 0 595 842]>>")],
        &[(7, "<</FT/Sig/Subtype/Widget/A 9 0 R>>")],
    ];
    for change in changes {
        assert_eq!(but(change).err(), Some(UpdateError::Changed), "{change:?}");
    }
    // A later update must not take the first one's signature, nor another catalog.
    let file = signed_with(&SIGNED);
    let over = ranged(written(&file, &[SIGNED[4]], TRAILER));
    assert_eq!(read(&over).err(), Some(UpdateError::Changed));
    let other_root = written(&file, &[(11, SIGNED[0].1)], "/Size 12 /Root 11 0 R");
    assert_eq!(read(&other_root).err(), Some(UpdateError::Changed));
    assert_eq!(read("%PDF-1.7\nanother").err(), Some(UpdateError::Changed));
}

#[test]
fn an_update_is_not_read() {
    let (agreement, file) = (agreement(), signed_with(&SIGNED));
    let place = file.rfind("\n8 1\n").unwrap() + 5;
    let elsewhere = format!("{}{:010}{}", &file[..place], 10, &file[place + 10..]);
    let previous =
        format!("/Prev {}", agreement.rsplit_once("startxref\n").unwrap().1.split('\n').next().unwrap());
    let changes = [
        elsewhere,
        file.replace(" /Prev", " /Encrypt 9 0 R /Prev"),
        file.replace(" /Prev", " /XRefStm 9 /Prev"),
        file.replace(&previous, "/Prev 1"),
        file.replace("6 0 obj", "9 0 obj"),
        file.replace("/SigFlags 3", "/SigFlags 3 /SigFlags 3"),
        file.replace("/SigFlags 3", "/SigFlags #"),
        format!("{file}1 0 obj"),
        file[..file.len() - 3].to_owned(),
        written(&agreement, &[(9, "<</Length 8 0 R>>\nstream\n\nendstream")], TRAILER),
        written(&agreement, &[(9, "<</Length 9999>>\nstream\n\nendstream")], TRAILER),
        written(&agreement, &[(9, "null"), (9, "null")], TRAILER),
        written(&agreement, &[(9, &"[".repeat(99))], TRAILER),
        (0..17).fold(agreement.clone(), |file, _| written(&file, &[(9, "null")], TRAILER)),
    ];
    for change in changes {
        assert_eq!(read(&change).err(), Some(UpdateError::Unreadable), "{change}");
    }
}

#[test]
fn ranges_that_are_none() {
    let file = "/ByteRange [0 X Y 9]<3000>".to_owned();
    let at = |a: &str, b: &str| file.replace('X', a).replace('Y', b);
    assert!(signatures_in(at("22", "28").replace(" 9]", " 0]").as_bytes())[0].is_some());
    for bad in [
        at("22", "28"),
        at("28", "22"),
        at("22", "9999999999"),
        at("22", "99999999999"),
        at("-1", "28"),
        at("23", "27"),
        at("22", "28").replace("[0", "[1"),
        at("22", "28").replace("3000", "30x0").replace(" 9]", " 0]"),
        at("22", "28").replace("3000", "3001").replace(" 9]", " 0]"),
        at("22", "28").replace("3000", "3080").replace(" 9]", " 0]"),
        "/ByteRange".into(),
        "/ByteRange [0 1 2]".into(),
    ] {
        assert_eq!(signatures_in(bad.as_bytes()), [None], "{bad}");
    }
    assert_eq!(signatures_in(at("22", "28").repeat(9).as_bytes()), vec![None; 9]);
    assert!(signatures_in(b"%PDF-1.7").is_empty());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), at in 0..1200_usize) {
        let agreement = agreement().into_bytes();
        let _ = Updates::read(&[&agreement[..], &bytes].concat(), &agreement);
        let _ = signatures_in(&[b"/ByteRange ", &bytes[..]].concat());
        let mut file = signed_with(&SIGNED).into_bytes();
        let place = at % file.len();
        file.splice(place..place, bytes);
        let _ = (signatures_in(&file), Updates::read(&file, &agreement));
    }
}
