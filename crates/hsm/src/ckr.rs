//! What each PKCS#11 return value means for us: one table, no wildcard.
//!
//! Modules disagree (signing without a login is CKR_OBJECT_HANDLE_INVALID in one, CKR_GENERAL_ERROR in another),
//! so the table says where recovery *starts*; the worker and the keeper go a step further when a step did not help.

use cryptoki::context::Function;
use cryptoki::error::{Error, RvError};

/// Where recovery from a return value starts. Ordered from the mildest; see [`remedy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The same call may work on the same session.
    SameSession,
    /// The session is worth nothing: close it, open another.
    NewSession,
    /// Nobody is logged in: the token's keeper logs in again.
    LogInAgain,
    /// The token or the module lost its state: connect the token again, then the whole module.
    Reinitialise,
    /// The handle names no key: look the key up again; if it is not found, doubt the token.
    KeyMissing,
    /// The token will not do this, now or later: tell the caller and an operator.
    Permanent,
    /// We called the module wrongly, or it answered with what this function cannot return.
    Bug,
}

/// The table (PKCS#11 v2.40 §5.1 and v3.1 §5.1).
pub fn remedy(rv: RvError) -> Remedy {
    match rv {
        RvError::Cancel
        | RvError::FunctionCanceled
        | RvError::HostMemory
        | RvError::DeviceMemory
        | RvError::NoEvent => Remedy::SameSession,

        // An operation that an earlier error left behind can only be shaken off with its session.
        RvError::OperationActive
        | RvError::OperationNotInitialized
        | RvError::SessionClosed
        | RvError::SessionHandleInvalid
        | RvError::SessionCount
        | RvError::FunctionFailed => Remedy::NewSession,

        RvError::UserNotLoggedIn
        | RvError::UserAlreadyLoggedIn
        | RvError::UserAnotherAlreadyLoggedIn
        | RvError::UserTooManyTypes
        | RvError::UserTypeInvalid => Remedy::LogInAgain,

        // Slot ids change when a token comes back, so a bad one is a token that went away.
        RvError::SlotIdInvalid
        | RvError::GeneralError
        | RvError::DeviceError
        | RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::CryptokiNotInitialized
        | RvError::CryptokiAlreadyInitialized
        | RvError::VendorDefined(_)
        | RvError::UnknownErrorCode(_) => Remedy::Reinitialise,

        RvError::KeyHandleInvalid | RvError::ObjectHandleInvalid | RvError::KeyChanged => Remedy::KeyMissing,

        RvError::ActionProhibited
        | RvError::AttributeReadOnly
        | RvError::AttributeSensitive
        | RvError::AttributeTypeInvalid
        | RvError::AttributeValueInvalid
        | RvError::CantLock
        | RvError::CurveNotSupported
        | RvError::DomainParamsInvalid
        | RvError::ExceededMaxIterations
        | RvError::FipsSelfTestFailed
        | RvError::FunctionNotSupported
        | RvError::FunctionRejected
        | RvError::InformationSensitive
        | RvError::KeyFunctionNotPermitted
        | RvError::KeySizeRange
        | RvError::KeyTypeInconsistent
        | RvError::KeyUnextractable
        | RvError::KeyNotWrappable
        | RvError::LibraryLoadFailed
        | RvError::MechanismInvalid
        | RvError::MechanismParamInvalid
        | RvError::NeedToCreateThreads
        | RvError::NewPinMode
        | RvError::NextOtp
        | RvError::PinExpired
        | RvError::PinIncorrect
        | RvError::PinInvalid
        | RvError::PinLenRange
        | RvError::PinLocked
        | RvError::PinTooWeak
        | RvError::PublicKeyInvalid
        | RvError::RandomNoRng
        | RvError::RandomSeedNotSupported
        | RvError::SessionReadOnly
        | RvError::SessionReadOnlyExists
        | RvError::SessionReadWriteSoExists
        | RvError::TemplateIncomplete
        | RvError::TemplateInconsistent
        | RvError::TokenWriteProtected
        | RvError::UserPinNotInitialized => Remedy::Permanent,

        RvError::ArgumentsBad
        | RvError::BufferTooSmall
        | RvError::DataInvalid
        | RvError::DataLenRange
        | RvError::EncryptedDataInvalid
        | RvError::EncryptedDataLenRange
        | RvError::FunctionNotParallel
        | RvError::KeyIndigestible
        | RvError::KeyNeeded
        | RvError::KeyNotNeeded
        | RvError::MutexBad
        | RvError::MutexNotLocked
        | RvError::SavedStateInvalid
        | RvError::SessionExists
        | RvError::SessionParallelNotSupported
        | RvError::SignatureInvalid
        | RvError::SignatureLenRange
        | RvError::StateUnsaveable
        | RvError::UnwrappingKeyHandleInvalid
        | RvError::UnwrappingKeySizeRange
        | RvError::UnwrappingKeyTypeInconsistent
        | RvError::WrappedKeyInvalid
        | RvError::WrappedKeyLenRange
        | RvError::WrappingKeyHandleInvalid
        | RvError::WrappingKeySizeRange
        | RvError::WrappingKeyTypeInconsistent => Remedy::Bug,
    }
}

/// Whether `rv` from C_Sign proves that nothing was signed: only the values that the standard gives to a state found
/// *when the function was invoked*. "During its execution" (CKR_DEVICE_REMOVED, CKR_SESSION_CLOSED) proves nothing.
pub fn proves_unsigned(rv: RvError) -> bool {
    matches!(
        rv,
        RvError::SessionHandleInvalid
            | RvError::OperationNotInitialized
            | RvError::CryptokiNotInitialized
            | RvError::TokenNotPresent
            | RvError::UserNotLoggedIn
            | RvError::DataInvalid
            | RvError::DataLenRange
            | RvError::ArgumentsBad
            | RvError::FunctionNotSupported
    )
}

/// Whether `rv` from C_Login says that the PIN, not the token, is at fault.
pub(crate) fn blames_pin(rv: RvError) -> bool {
    matches!(
        rv,
        RvError::PinIncorrect
            | RvError::PinInvalid
            | RvError::PinLenRange
            | RvError::PinExpired
            | RvError::PinLocked
            | RvError::PinTooWeak
            | RvError::UserPinNotInitialized
    )
}

/// A failed call, judged.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) remedy: Remedy,
    /// A signature may have been made and lost.
    pub(crate) maybe_signed: bool,
    /// The session is closed already. Closing it again could close a stranger's: numbers are used again.
    pub(crate) session_gone: bool,
    /// Function and return value; nothing secret.
    pub(crate) reason: String,
}

impl Failure {
    pub(crate) fn new(remedy: Remedy, reason: impl Into<String>) -> Self {
        Self { remedy, maybe_signed: false, session_gone: false, reason: reason.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let reason = describe(&error);
        match error {
            // cryptoki asks C_Sign for the length and then for the signature and does not say which call failed;
            // taking every doubt as the second call's errs on the side that can be put right.
            Error::Pkcs11(rv, function) => Self {
                remedy: remedy(rv),
                maybe_signed: matches!(function, Function::Sign) && !proves_unsigned(rv),
                session_gone: matches!(
                    rv,
                    RvError::SessionHandleInvalid | RvError::SessionClosed | RvError::CryptokiNotInitialized
                ),
                reason,
            },
            Error::TryFromInt(_) => Self { maybe_signed: true, ..Self::new(Remedy::Bug, reason) },
            Error::NullFunctionPointer | Error::MissingSymbol(_) | Error::NotSupported => {
                Self::new(Remedy::Permanent, reason)
            }
            Error::LibraryLoading(_)
            | Error::TryFromSlice(_)
            | Error::ParseInt(_)
            | Error::Utf8(_)
            | Error::NulError(_)
            | Error::InvalidValue
            | Error::PinNotSet => Self::new(Remedy::Bug, reason),
        }
    }
}

/// `C_Sign: DeviceRemoved`. cryptoki's own text quotes a paragraph of the standard.
pub(crate) fn describe(error: &Error) -> String {
    if let Error::Pkcs11(rv, function) = error {
        format!("C_{function:?}: {rv:?}")
    } else {
        error.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measured_failure_starts_where_it_should() {
        for (rv, expected) in [
            (RvError::SessionHandleInvalid, Remedy::NewSession),
            (RvError::OperationActive, Remedy::NewSession),
            (RvError::ObjectHandleInvalid, Remedy::KeyMissing),
            (RvError::GeneralError, Remedy::Reinitialise),
            (RvError::CryptokiNotInitialized, Remedy::Reinitialise),
            (RvError::DeviceRemoved, Remedy::Reinitialise),
            (RvError::UserNotLoggedIn, Remedy::LogInAgain),
            (RvError::HostMemory, Remedy::SameSession),
            (RvError::MechanismInvalid, Remedy::Permanent),
            (RvError::PinIncorrect, Remedy::Permanent),
            (RvError::DataLenRange, Remedy::Bug),
            (RvError::VendorDefined(0x8000_0001), Remedy::Reinitialise),
        ] {
            assert_eq!(remedy(rv), expected, "{rv:?}");
        }
    }

    #[test]
    fn only_c_sign_leaves_doubt() {
        let at = |rv, function| Failure::from(Error::Pkcs11(rv, function)).maybe_signed;
        assert!(at(RvError::DeviceRemoved, Function::Sign));
        assert!(at(RvError::DeviceError, Function::Sign));
        assert!(at(RvError::SessionClosed, Function::Sign));
        assert!(at(RvError::FunctionCanceled, Function::Sign));
        assert!(at(RvError::VendorDefined(0x8000_0001), Function::Sign));
        assert!(!at(RvError::SessionHandleInvalid, Function::Sign));
        assert!(!at(RvError::DeviceRemoved, Function::SignInit));
        assert!(!at(RvError::DeviceError, Function::OpenSession));
    }

    #[test]
    fn the_reason_is_short() {
        assert_eq!(describe(&Error::Pkcs11(RvError::DeviceRemoved, Function::Sign)), "C_Sign: DeviceRemoved");
    }
}
