//! How the list of kinds becomes a type with names and fields.

/// One kind after the other, as `Name = "name-in-logs" { field: Type, … }`.
macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $name:ident = $text:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
    )*) => {
        /// What happened, with what is needed to find it again. No personal data: identifiers, digests, salted
        /// commitments and [`Word`]s.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum EventKind {$(
            $(#[$doc])*
            $name { $($(#[$field_doc])* $field: $type,)* },
        )*}

        impl EventKind {
            /// The kind's stable name, as logs show it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $text,)*
                }
            }

            /// All names, for documentation and tests.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// The name and the fields by name.
            pub(crate) fn to_parts(&self) -> (&'static str, Map<String, Value>) {
                let mut data = Map::new();
                match self {
                    $(Self::$name { $($field),* } => {
                        $(data.insert(stringify!($field).into(), Field::to_value($field));)*
                    })*
                }
                (self.name(), data)
            }
        }
    };
}
pub(super) use kinds;
