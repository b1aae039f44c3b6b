//! The `acquirer-sim` program.
fn main() {}
