//! `issuer-sim`: plays issuers for tests and demonstrations.
#![forbid(unsafe_code)]
fn main() -> std::process::ExitCode {
    kazasu_issuer_adapter::sim::main()
}
