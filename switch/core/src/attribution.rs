//! Who said something, and why: two texts that are easily taken for each other where they stand side by side.

/// A person and the person's reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Attribution<'a> {
    /// Who.
    pub(super) by: &'a str,
    /// Why.
    pub(super) why: &'a str,
}

impl Attribution<'_> {
    /// Both, as a record keeps them.
    pub(super) fn owned(self) -> (String, String) {
        (self.by.to_owned(), self.why.to_owned())
    }
}
