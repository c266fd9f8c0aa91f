//! Who may do what: operations × roles as data (P-01, P-03). What is not here is not allowed.
//!
//! A permission opens an operation; rules about the single case (submitter ≠ approver, officer ≠ subject) come
//! on top, in [`service`](crate::service).

use ndoba_order::Role;

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Return or reject an application.
    DecideApplications,
    /// Propose the release of a suspended certificate.
    DraftReleases,
    /// Propose a revocation or suspension.
    DraftRevocations,
    /// Open, change, freeze, withdraw and deliver applications.
    EditApplications,
    /// Export the audit log.
    ExportAudit,
    /// Appoint officers and end appointments.
    Grant,
    /// Read applications: personal data.
    ReadApplications,
    /// Read certificates and their status: personal data.
    ReadCertificates,
    /// Read orders: personal data.
    ReadOrders,
    /// Know one's own entry and what is on offer.
    ReadOwn,
    /// Read the register of officers.
    ReadRegister,
    /// Read requests about certificates with their clocks.
    ReadRequests,
    /// Put a signature to an order; which one, the order's rules say.
    SignOrders,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::DecideApplications,
        Self::DraftReleases,
        Self::DraftRevocations,
        Self::EditApplications,
        Self::ExportAudit,
        Self::Grant,
        Self::ReadApplications,
        Self::ReadCertificates,
        Self::ReadOrders,
        Self::ReadOwn,
        Self::ReadRegister,
        Self::ReadRequests,
        Self::SignOrders,
    ];

    /// Stable name, for programs and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::DecideApplications => "decide-applications",
            Self::DraftReleases => "draft-releases",
            Self::DraftRevocations => "draft-revocations",
            Self::EditApplications => "edit-applications",
            Self::ExportAudit => "export-audit",
            Self::Grant => "grant",
            Self::ReadApplications => "read-applications",
            Self::ReadCertificates => "read-certificates",
            Self::ReadOrders => "read-orders",
            Self::ReadOwn => "read-own",
            Self::ReadRegister => "read-register",
            Self::ReadRequests => "read-requests",
            Self::SignOrders => "sign-orders",
        }
    }

    /// The roles that have it.
    pub fn roles(self) -> &'static [Role] {
        use Role::{
            Administrator, Approver, Auditor, Operator, RegistrationOfficer, RevocationOfficer,
            SecurityOfficer,
        };
        match self {
            Self::DecideApplications => &[Approver],
            Self::DraftReleases | Self::EditApplications => &[RegistrationOfficer],
            Self::DraftRevocations => &[RevocationOfficer],
            // The auditor reads logs and what was signed, not what people handed in (P-01, P-12 minimisation).
            Self::ExportAudit => &[Auditor],
            Self::Grant => &[SecurityOfficer],
            Self::ReadApplications => &[RegistrationOfficer, Approver],
            Self::ReadCertificates | Self::ReadOrders => {
                &[RegistrationOfficer, Approver, RevocationOfficer, Auditor]
            }
            Self::ReadOwn => &[
                SecurityOfficer,
                RegistrationOfficer,
                Approver,
                RevocationOfficer,
                Auditor,
                Operator,
                Administrator,
            ],
            Self::ReadRegister => &[SecurityOfficer, Auditor],
            Self::ReadRequests => &[RevocationOfficer, Auditor],
            Self::SignOrders => &[RegistrationOfficer, Approver, RevocationOfficer],
        }
    }
}

/// Whether `role` has `permission`.
pub fn allows(role: Role, permission: Permission) -> bool {
    permission.roles().contains(&role)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P-03: the auditor changes nothing; who appoints officers touches no application.
    #[test]
    fn duties_are_segregated() {
        for permission in Permission::ALL {
            let changes = match permission {
                Permission::DecideApplications
                | Permission::DraftReleases
                | Permission::DraftRevocations
                | Permission::EditApplications
                | Permission::Grant
                | Permission::SignOrders => true,
                Permission::ExportAudit
                | Permission::ReadApplications
                | Permission::ReadCertificates
                | Permission::ReadOrders
                | Permission::ReadOwn
                | Permission::ReadRegister
                | Permission::ReadRequests => false,
            };
            if changes {
                assert!(!allows(Role::Auditor, permission));
                assert!(!allows(Role::Operator, permission) && !allows(Role::Administrator, permission));
            }
            if allows(Role::SecurityOfficer, permission) {
                let own = [Permission::Grant, Permission::ReadOwn, Permission::ReadRegister];
                assert!(own.contains(&permission), "{permission:?}");
            }
        }
    }
}
