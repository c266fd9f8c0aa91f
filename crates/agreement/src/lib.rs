//! The agreement with a subscriber as a PDF, in Georgian and English, from a versioned template.
//!
//! The same application gives the same octets, always: the digest that officers and the subscriber agree to can be
//! made again from the record. It reads no clock and no file; the font is in the program. It judges nothing: what an
//! application must hold is registration's.
//!
//! Enter at [`Templates`], which is registration's [`AgreementMaker`](ndoba_registration::ports::AgreementMaker).

mod font;
mod page;
mod template;
mod text;

pub use template::{TERMS, Templates};
