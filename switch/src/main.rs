//! The `kazasu` program.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    kazasu::cli::main()
}
