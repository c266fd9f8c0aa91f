use proptest::prelude::*;

use super::*;

fn read(uri: &str) -> Result<CardUri, BadCardUri> {
    uri.parse()
}

#[test]
fn every_attribute_has_its_place() {
    let uri = "pkcs11:token=Nino%20B;serial=00%2f1;manufacturer=A;model=M;object=officer;id=%01%AB;type=private\
               ?module-path=/usr/lib/a.so&pin-source=file:/run/pin";
    let key = read(uri).unwrap();
    assert_eq!(key.token.as_deref(), Some("Nino B"));
    assert_eq!(key.serial.as_deref(), Some("00/1"));
    assert_eq!((key.manufacturer.as_deref(), key.model.as_deref()), (Some("A"), Some("M")));
    assert_eq!((key.object.as_deref(), key.id.as_deref()), (Some("officer"), Some(&[1, 0xab][..])));
    assert_eq!(key.module.as_deref(), Some("/usr/lib/a.so".as_ref()));
    assert_eq!(key.pin, Some(PinPlace::File("/run/pin".into())));
    // What is told to people names the key, and neither a library nor a place of a PIN.
    let told = "pkcs11:token=Nino%20B;serial=00%2F1;manufacturer=A;model=M;object=officer;id=%01%AB";
    assert_eq!(key.to_string(), told);
    assert_eq!(read("pkcs11:token=ნინო").unwrap().token.as_deref(), Some("ნინო"));
    assert_eq!(read("pkcs11:"), Ok(CardUri::default()));
}

#[test]
fn a_pin_comes_from_a_file_a_descriptor_or_a_credential() {
    let pin = |source: &str| read(&format!("pkcs11:?pin-source={source}")).map(|key| key.pin.unwrap());
    for file in ["file:/run/pin", "file:///run/pin", "/run/pin", "file:%2Frun%2Fpin"] {
        assert_eq!(pin(file), Ok(PinPlace::File("/run/pin".into())), "{file}");
    }
    assert_eq!(pin("fd:3"), Ok(PinPlace::Fd(3)));
    assert_eq!(pin("credential:card"), Ok(PinPlace::Credential("card".into())));
    for bad in
        ["fd:0", "fd:x", "credential:../x", "credential:..", "credential:", "file:pin", "1234", "|get-pin"]
    {
        assert_eq!(pin(bad), Err(BadCardUri::PinSource), "{bad}");
    }
}

#[test]
fn what_is_not_understood_is_refused_and_never_repeated() {
    for (uri, why) in [
        ("officers/own.pem", BadCardUri::Scheme),
        ("PKCS11:token=a", BadCardUri::Scheme),
        ("pkcs11:token=a;slot-id=3", BadCardUri::Unknown),
        ("pkcs11:token=a;x-vendor=3", BadCardUri::Unknown),
        ("pkcs11:token=a?module-name=opensc", BadCardUri::Unknown),
        ("pkcs11:token=a;token=b", BadCardUri::Attribute),
        ("pkcs11:token", BadCardUri::Attribute),
        ("pkcs11:token=", BadCardUri::Attribute),
        ("pkcs11:token=a;", BadCardUri::Attribute),
        ("pkcs11:token=%4", BadCardUri::Escape),
        ("pkcs11:token=%zz", BadCardUri::Escape),
        ("pkcs11:token=%ff", BadCardUri::Escape),
        ("pkcs11:token=a%00", BadCardUri::Escape),
        ("pkcs11:token=a;type=cert", BadCardUri::Type),
        ("pkcs11:token=a?pin-value=1234", BadCardUri::PinValue),
        ("pkcs11:token=a?module-path=a.so", BadCardUri::ModulePath),
    ] {
        assert_eq!(read(uri), Err(why), "{uri}");
        assert!(!why.to_string().contains("1234"));
    }
    assert_eq!(read(&format!("pkcs11:token={}", "a".repeat(MAX_LEN))), Err(BadCardUri::Scheme));
}

proptest! {
    #[test]
    fn no_text_panics(rest in ".{0,80}", structured in "[a-z;=%&?0-9/:.-]{0,80}") {
        let _ = read(&rest);
        let _ = read(&format!("pkcs11:{rest}"));
        let _ = read(&format!("pkcs11:{structured}"));
    }

    #[test]
    fn a_name_comes_back_as_it_was(token in "\\PC{1,20}", id in proptest::collection::vec(any::<u8>(), 1..20)) {
        let key = CardUri { token: Some(token), id: Some(id), ..CardUri::default() };
        prop_assert_eq!(read(&key.to_string()), Ok(key));
    }
}
