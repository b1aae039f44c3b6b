//! How entries are written.
//!
//! The macros are visible so that their documentation can be tested. The catalogue is this crate: no other crate has entries.

/// A list of labels: each a code, and what it is called in Japanese and in English.
///
/// ```
/// use kazasu_text::{Label, Text};
/// kazasu_text::labels! {
///     /// Colours.
///     Colour {
///         Red "red": "赤", "Red";
///     }
/// }
/// assert_eq!(Colour::of("red").unwrap().both(), "赤 Red");
/// ```
///
/// A label without one of the languages does not compile:
///
/// ```compile_fail
/// kazasu_text::labels! {
///     /// Colours.
///     Colour {
///         Red "red": "赤";
///     }
/// }
/// ```
#[macro_export]
macro_rules! labels {
    ($(#[$meta:meta])* $name:ident { $($variant:ident $code:literal : $ja:literal, $en:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $name {
            $(#[doc = $en] $variant),+
        }

        impl $crate::Label for $name {
            const LIST: &'static [Self] = &[$(Self::$variant),+];

            fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code),+
                }
            }
        }

        $crate::meanings! { $name { $($variant: $ja, $en;)+ } }
    };
}

/// What the values of an enum of codes are called. It has to name every value: a new one does not compile before it has its texts.
#[macro_export]
macro_rules! meanings {
    ($name:ident { $($variant:ident : $ja:literal, $en:literal;)+ }) => {
        impl $crate::Text for $name {
            fn in_language(&self, language: $crate::Language) -> ::std::borrow::Cow<'static, str> {
                let (ja, en) = match self {
                    $(Self::$variant => ($ja, $en)),+
                };
                ::std::borrow::Cow::Borrowed(match language {
                    $crate::Language::Japanese => ja,
                    $crate::Language::English => en,
                })
            }
        }

        impl $crate::Listed for $name {
            fn samples() -> Vec<(&'static str, Self)> {
                vec![$((stringify!($variant), Self::$variant)),+]
            }
        }

        impl $crate::Argument for $name {
            fn shown(&self, language: $crate::Language) -> impl ::std::fmt::Display {
                $crate::Text::in_language(self, language)
            }

            fn sample() -> Self {
                [$(Self::$variant),+][0]
            }
        }
    };
}

/// A list of texts with typed arguments.
///
/// ```
/// use kazasu_schemas::money::Yen;
/// use kazasu_text::{Count, Text};
/// kazasu_text::texts! {
///     /// Sentences.
///     Sentence {
///         Paid { taps: Count, sum: Yen }: "{taps}件、{sum}", "{sum} in {taps} taps";
///         Nothing: "なし", "none";
///     }
/// }
/// let paid = Sentence::Paid { taps: Count(1_200), sum: Yen::new(45_000) };
/// assert_eq!(paid.ja(), "1,200件、¥45,000");
/// assert_eq!(paid.en(), "¥45,000 in 1,200 taps");
/// ```
///
/// A text that leaves out an argument in one of the languages does not compile:
///
/// ```compile_fail
/// use kazasu_text::Count;
/// kazasu_text::texts! {
///     /// Sentences.
///     Sentence {
///         Paid { taps: Count }: "{taps}件", "taps";
///     }
/// }
/// ```
///
/// Nor does one that has one language only:
///
/// ```compile_fail
/// kazasu_text::texts! {
///     /// Sentences.
///     Sentence {
///         Nothing: "なし";
///     }
/// }
/// ```
#[macro_export]
macro_rules! texts {
    ($(#[$meta:meta])* $name:ident $(<$life:lifetime>)? {
        $($variant:ident $({ $($argument:ident : $type:ty),+ })? : $ja:literal, $en:literal;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name $(<$life>)? {
            $(
                #[doc = $en]
                $variant $({ $(#[doc = concat!("`", stringify!($argument), "` in the text.")] $argument: $type),+ })?
            ),+
        }

        #[allow(clippy::useless_format, reason = "texts without arguments are among them")]
        impl $(<$life>)? $crate::Text for $name $(<$life>)? {
            fn in_language(&self, language: $crate::Language) -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Owned(match (self, language) {
                    $(
                        (Self::$variant $({ $($argument),+ })?, $crate::Language::Japanese) => {
                            format!($ja $($(, $argument = $crate::Argument::shown($argument, language))+)?)
                        }
                        (Self::$variant $({ $($argument),+ })?, $crate::Language::English) => {
                            format!($en $($(, $argument = $crate::Argument::shown($argument, language))+)?)
                        }
                    )+
                })
            }
        }

        impl $(<$life>)? $crate::Argument for $name $(<$life>)? {
            fn shown(&self, language: $crate::Language) -> impl ::std::fmt::Display {
                $crate::Text::in_language(self, language)
            }

            fn sample() -> Self {
                <Self as $crate::Listed>::samples().swap_remove(0).1
            }
        }

        impl $(<$life>)? $crate::Listed for $name $(<$life>)? {
            fn samples() -> Vec<(&'static str, Self)> {
                vec![$((
                    stringify!($variant),
                    Self::$variant $({ $($argument: <$type as $crate::Argument>::sample()),+ })?,
                )),+]
            }
        }
    };
}
