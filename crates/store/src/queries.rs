//! The statements, a module per thing they are about. Rows are private to their module; what comes in and goes out
//! are the values of the ports.

pub(crate) mod accounts;
pub(crate) mod applications;
pub(crate) mod attempts;
pub(crate) mod audit_log;
pub(crate) mod authorities;
pub(crate) mod batch;
pub(crate) mod certificate_views;
pub(crate) mod clocks;
pub(crate) mod copies;
pub(crate) mod crls;
pub(crate) mod data_keys;
pub(crate) mod desk;
pub(crate) mod enrolments;
pub(crate) mod events;
pub(crate) mod finals;
pub(crate) mod grants;
pub(crate) mod heartbeat;
pub(crate) mod in_use;
pub(crate) mod issuance;
pub(crate) mod key_places;
pub(crate) mod keys;
pub(crate) mod names;
pub(crate) mod order_queue;
pub(crate) mod orders;
pub(crate) mod outbox;
pub(crate) mod receipts;
pub(crate) mod responder_ledger;
pub(crate) mod responder_requests;
pub(crate) mod restore;
pub(crate) mod retention;
pub(crate) mod segments;
pub(crate) mod shown_names;
pub(crate) mod status;
pub(crate) mod versions;
pub(crate) mod webhooks;
