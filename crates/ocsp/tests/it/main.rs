//! The OCSP contract of interop.md §2 and the checks K-O02 to K-O12, on bytes; openssl judges what it can.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod asker;
mod contract;
mod finals;
mod malformed;
mod openssl;
mod pki;
mod pkilint;
mod requests;
