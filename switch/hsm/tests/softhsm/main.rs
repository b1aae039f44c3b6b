//! Keys in a token of SoftHSM2, which is made for each test in a folder of its own.
//!
//! The module reads its configuration (`SOFTHSM2_CONF`) from the environment of its process. So each test here starts itself
//! again with that environment, and the part that does the work is in [`inside`].

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bench;
mod inside;

use bench::Bench;
use kazasu_hsm::{HsmError, Token};
use std::process::{Child, Stdio};

#[test]
fn a_private_key_cannot_leave_and_its_signatures_are_good_for_ring_and_openssl() {
    let bench = Bench::new();
    bench.run("inside::keys_are_made_inside_and_stay");
    bench.openssl(&["pkey", "-pubin", "-inform", "DER", "-in", "public.der", "-out", "public.pem"]);
    let check =
        ["pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "text", "-sigfile", "signature"];
    let said = bench.openssl(&check);
    assert!(said.contains("Signature Verified Successfully"), "{said}");
}

#[test]
fn a_wrapped_key_opens_only_unchanged_and_for_the_same_purpose() {
    Bench::new().run("inside::wrapped_keys_are_bound");
}

#[test]
fn keys_that_could_leave_and_labels_of_two_keys_are_refused() {
    Bench::new().run("inside::unfit_keys_are_refused");
}

#[test]
fn session_keys_are_derived_as_in_memory() {
    Bench::new().run("inside::derives_session_keys");
}

#[test]
fn a_wrong_pin_is_said_and_not_tried_again() {
    let bench = Bench::new();
    bench.run("inside::a_wrong_pin");
}

#[test]
fn a_token_that_is_taken_out_and_put_back_is_used_again() {
    Bench::new().run("inside::a_token_goes_and_comes_back");
}

#[test]
fn a_device_that_hangs_holds_nobody_for_longer_than_the_timeout() {
    Bench::new().run("inside::a_hanging_device");
}

#[test]
fn two_processes_sign_with_one_key() {
    let bench = Bench::new();
    bench.run("inside::makes_the_shared_key");
    let begin = || -> Child {
        bench
            .command("inside::signs_with_the_shared_key")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let both = [begin(), begin()];
    for child in both {
        let out = child.wait_with_output().unwrap();
        assert!(
            out.status.success(),
            "{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
    }
    assert_eq!(bench.lines("shared").len(), 2 * 50, "each process signed 50 times, and checked each");
}

#[test]
fn a_module_that_is_not_there_is_named() {
    let bench = Bench::new();
    let mut settings = bench.settings();
    settings.module = "/nowhere/libpkcs11.so".into();
    let error = Token::open(settings).unwrap_err();
    assert!(matches!(&error, HsmError::Module { .. }), "{error:?}");
    assert!(error.to_string().contains("/nowhere/libpkcs11.so") && error.to_string().contains("hsm.module"), "{error}");
}
