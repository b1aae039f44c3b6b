//! Holds docs/WIRE.md to its word: every sample in it is a frame of its dialect with a right MAC, means what is printed
//! under it, and is what this crate writes. The tables of fields and refusals are those of the code.
//!
//! With KAZASU_BLESS set in the environment the sample blocks and the example program are written anew instead.

mod wire_doc {
    pub(crate) mod document;
    mod samples;
    mod tables;
    mod written;
}
