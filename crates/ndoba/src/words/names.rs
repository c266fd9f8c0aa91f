//! What people call the API's names. A name of a newer server stays as it is.

use ndoba_order::{OrderKind, Role, SignerRole};
use ndoba_registration::ApplicationState;

use super::Words;

impl Words {
    /// An application's state.
    pub(crate) fn application_state(self, name: &str) -> &str {
        let Some(state) = ApplicationState::from_name(name) else { return name };
        self.of(
            name,
            match state {
                ApplicationState::Draft => "მუშავდება",
                ApplicationState::Submitted => "წარდგენილია",
                ApplicationState::Returned => "დაბრუნებულია",
                ApplicationState::Approved => "დამტკიცებულია",
                ApplicationState::Issuing => "გაიცემა",
                ApplicationState::Issued => "გაცემულია",
                ApplicationState::Delivered => "გადაცემულია",
                ApplicationState::Accepted => "მიღებულია",
                ApplicationState::Rejected => "უარყოფილია",
                ApplicationState::Expired => "ვადაგასულია",
                ApplicationState::Withdrawn => "გატანილია",
            },
        )
    }

    /// What a copy of evidence is a copy of.
    pub(crate) fn attachment_kind(self, name: &str) -> &str {
        let georgian = match name {
            "authority" => "უფლებამოსილება",
            "device" => "მოწყობილობა",
            "identity-document" => "პირადობის დოკუმენტი",
            "identity-proofing" => "პირადობის დადგენა",
            "register-extract" => "ამონაწერი რეესტრიდან",
            other => other,
        };
        self.of(name, georgian)
    }

    /// An order's state.
    pub(crate) fn order_state(self, name: &str) -> &str {
        let georgian = match name {
            "open" => "ხელმოწერას ელოდება",
            "queued" => "რიგშია",
            "claimed" => "სრულდება",
            "done" => "შესრულებულია",
            "refused" => "უარყოფილია",
            "withdrawn" => "გატანილია",
            "expired" => "ვადაგასულია",
            other => other,
        };
        self.of(name, georgian)
    }

    /// What an order asks.
    pub(crate) fn order_kind(self, name: &str) -> &str {
        let Ok(kind) = name.parse::<OrderKind>() else { return name };
        self.of(
            name,
            match kind {
                OrderKind::CertifyUnit => "დროის ნიშნულის ერთეულის სერტიფიცირება",
                OrderKind::Issue => "გაცემა",
                OrderKind::Reissue => "გაცემა სხვის ნაცვლად",
                OrderKind::Release => "შეჩერების მოხსნა",
                OrderKind::Revoke => "გაუქმება",
                OrderKind::Suspend => "შეჩერება",
                OrderKind::SuspendByCode => "შეჩერება კოდით",
            },
        )
    }

    /// By which way a request came.
    pub(crate) fn channel(self, name: &str) -> &str {
        self.of(
            name,
            match name {
                "authority" => "უფლებამოსილი ორგანო",
                "electronic" => "ელექტრონულად",
                "in-person" => "პირადად",
                "letter" => "წერილით",
                "own-finding" => "საკუთარი გამოვლენა",
                "telephone" => "ტელეფონით",
                other => other,
            },
        )
    }

    /// As what somebody signs.
    pub(crate) fn signer(self, role: SignerRole) -> &'static str {
        self.of(
            role.name(),
            match role {
                SignerRole::Appointed => "დანიშნული თანამშრომელი",
                SignerRole::Approver => "დამტკიცებელი",
                SignerRole::Desk => "გაუქმების სამსახური",
                SignerRole::Observer => "დამკვირვებელი",
                SignerRole::RevocationOfficer => "გაუქმების ოფიცერი",
                SignerRole::SecondSecurityOfficer => "უსაფრთხოების მეორე ოფიცერი",
                SignerRole::SecurityOfficer => "უსაფრთხოების ოფიცერი",
                SignerRole::Submitter => "წარმდგენი",
            },
        )
    }

    /// An officer's role.
    pub(crate) fn role(self, name: &str) -> &str {
        let Ok(role) = name.parse::<Role>() else { return name };
        self.of(
            name,
            match role {
                Role::Administrator => "ადმინისტრატორი",
                Role::Approver => "დამტკიცებელი ოფიცერი",
                Role::Auditor => "აუდიტორი",
                Role::Desk => "გაუქმების სამსახური",
                Role::Operator => "ოპერატორი",
                Role::RegistrationOfficer => "რეგისტრაციის ოფიცერი",
                Role::RevocationOfficer => "გაუქმების ოფიცერი",
                Role::SecurityOfficer => "უსაფრთხოების ოფიცერი",
            },
        )
    }

    /// A list of roles, with this between them.
    pub(crate) fn roles(self, names: &[String], between: &str) -> String {
        names.iter().map(|name| self.role(name)).collect::<Vec<_>>().join(between)
    }

    /// How far an enrolment has come.
    pub(crate) fn enrolment_state(self, name: &str) -> &str {
        let georgian = match name {
            "open" => "ღიაა",
            "expired" => "ვადაგასულია",
            "presented" => "გასაღები წარდგენილია",
            "appointed" => "დანიშნულია",
            other => other,
        };
        self.of(name, georgian)
    }

    /// A certificate's status.
    pub(crate) fn status(self, name: &str) -> &str {
        let georgian = match name {
            "good" => "მოქმედია",
            "suspended" => "შეჩერებულია",
            "revoked" => "გაუქმებულია",
            other => other,
        };
        self.of(name, georgian)
    }

    /// Whom a profile's certificates name.
    pub(crate) fn subject_kind(self, name: &str) -> &str {
        match name {
            "natural-person" => self.of("natural person", "ფიზიკური პირი"),
            "legal-person" => self.of("legal person", "იურიდიული პირი"),
            other => other,
        }
    }
}
