//! The configuration and the key file: they are refused with a file and a place, or everything in them is sound; no message quotes a key.

use kazasu_serve::config::Config;
use std::os::unix::fs::PermissionsExt;
use std::sync::OnceLock;

/// Between the configuration and the key file in an input.
const MARK: &[u8] = b"\n--\n";

/// The key file of an input that has none. Each key is a hexadecimal digit repeated, so that it can be looked for in messages.
const KEYS: &str = "[vault]\ncurrent = 1\nlookup = \"\
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\nseal.1 = \"\
bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"\n\n[http]\ntoken = \"\
cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\"\n\n[acquirer.27000001]\nmaster = \"\
dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\"\n\n[issuer.1]\nmaster = \"\
eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"\n\n[audit]\ncurrent = 1\nseed.1 = \"\
ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"\n";

fn folder() -> &'static tempfile::TempDir {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // In memory where that is possible: thousands of files a second are written.
        let memory = std::path::Path::new("/dev/shm");
        let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        made.expect("a folder can be made")
    })
}

/// A configuration, and after [`MARK`] a key file.
///
/// # Panics
/// When what is read is not sound, or a message quotes a key.
pub fn configuration(data: &[u8]) {
    let parts = crate::parts(data, MARK);
    let folder = folder().path();
    let (config, keys) = (folder.join("kazasu.toml"), folder.join("keys.toml"));
    // Another file than the two is never meant: a path out of the folder would read this machine.
    if parts[0].windows(2).any(|two| two == b".." || two == b"\"/") {
        return;
    }
    std::fs::write(&config, parts[0]).expect("the folder takes it");
    std::fs::write(&keys, parts.get(1).copied().unwrap_or(KEYS.as_bytes())).expect("the folder takes it");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).expect("it is this process's own");
    match Config::load(&config) {
        Ok(config) => {
            let file = &config.file;
            assert!(!file.listeners.is_empty() && config.acquirers.len() == file.acquirers.len());
            assert!(file.limits.max_connections > 0 && config.connection_limits().failed_sign_ons > 0);
            let _ = (config.notes(), config.list_authorities(), config.http_client());
        }
        Err(error) => {
            let said = format!("{error:#}");
            assert!(said.contains("kazasu.toml") || said.contains("keys.toml") || said.contains("cannot"), "no place: {said}");
            for digit in ["a", "b", "c", "d", "e", "f"] {
                assert!(!said.contains(&digit.repeat(24)), "a message quotes a key: {said}");
            }
        }
    }
}
