#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ndoba_fuzz::feed("signed_pdf", bytes));
