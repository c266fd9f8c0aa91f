//! One declaration per section of the file: its keys, their meaning and defaults. The struct that is parsed, its
//! defaults and the reference all come from it, so they cannot disagree.

/// A key as the reference shows it.
pub(crate) struct Key {
    /// The key's name.
    pub(crate) name: &'static str,
    /// Its documentation, a line each.
    pub(crate) doc: &'static [&'static str],
    /// What the reference shows for a key that has no default.
    pub(crate) example: Option<&'static str>,
}

/// A table of the file.
pub(crate) trait Section: Default + serde::Serialize {
    /// Its keys in the order of the reference; tables of their own are not among them.
    const KEYS: &'static [Key];
}

/// Declares a section: `key: Type = default;` or, for a key without one, `key: Type, "example";`, then after
/// `tables:` the sections within it.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            $( $(#[doc = $doc:literal])+ $key:ident : $type:ty $(= $default:expr)? $(, $example:literal)? ; )*
        }
        $(tables { $( $(#[doc = $tdoc:literal])+ $table:ident : $ttype:ty ; )* })?
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $name {
            $( $(#[doc = $doc])+ pub(crate) $key: $type, )*
            $($( $(#[doc = $tdoc])+ pub(crate) $table: $ttype, )*)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $( $key: section!(@default $($default)?), )*
                    $($( $table: Default::default(), )*)?
                }
            }
        }

        impl crate::section::Section for $name {
            const KEYS: &'static [crate::section::Key] = &[
                $( crate::section::Key {
                    name: stringify!($key),
                    doc: &[$($doc),+],
                    example: section!(@example $($example)?),
                } ),*
            ];
        }
    };
    (@default) => { Default::default() };
    (@default $default:expr) => { $default.into() };
    (@example) => { None };
    (@example $example:literal) => { Some($example) };
}

pub(crate) use section;
