use super::*;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::secret::Key;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

const NOW: Millis = Millis(1_796_000_000_000);

fn done() -> Done<'static> {
    Done { at: NOW, by: "sato", why: "test" }
}

fn key(byte: u8) -> Key {
    Key::new(vec![byte; 32]).unwrap()
}

fn new(name: &str, state: KeyState) -> NewKey {
    let ends = BusinessDay(NOW.jst_day().0 + 10);
    NewKey { name: name.parse().unwrap(), state, ends, fiscal_year: None, public: None }
}

/// A store with a credential, and two versions of an acquirer's key.
fn store(dir: &Path) -> (PathBuf, Zeroizing<String>) {
    let path = dir.join("keys.json");
    let (credential, origin) = fresh_credential().unwrap();
    let kek = Arc::new(origin.key(&credential).unwrap());
    let mut store = KeyStore::new(&path, origin, kek);
    for byte in [1, 2] {
        let version =
            store.add(new("acquirer.27000001", KeyState::Active), &Material::Secret(key(byte)), &done()).unwrap();
        assert_eq!(version, byte);
        store.save("generated", Some((&"acquirer.27000001".parse().unwrap(), version)), &done()).unwrap();
    }
    (path, credential)
}

#[test]
fn a_store_opens_with_its_credential_only_and_shows_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let (path, credential) = store(dir.path());
    let text = std::fs::read_to_string(&path).unwrap();
    for secret in ["01010101", "02020202", credential.as_str()] {
        assert!(!text.contains(secret), "{text}");
    }
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let open = KeyStore::open(&path, &credential).unwrap();
    let name: KeyName = "acquirer.27000001".parse().unwrap();
    let states: Vec<_> = open.versions(&name).map(|entry| (entry.version, entry.state)).collect();
    assert_eq!(states, [(1, KeyState::Accepted), (2, KeyState::Active)]);
    assert_eq!(open.secret(open.active(&name).unwrap()).unwrap().expose(), key(2).expose());
    let other = fresh_credential().unwrap().0;
    let error = format!("{:#}", KeyStore::open(&path, &other).unwrap_err());
    assert!(error.contains("credential or device's key is another one") && !error.contains(other.as_str()), "{error}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(KeyStore::open(&path, &credential).unwrap_err().to_string().contains("chmod 600"));
}

#[test]
fn whatever_is_changed_in_the_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (path, credential) = store(dir.path());
    let text = std::fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("\"accepted\"", "\"retired\""),
        ("\"version\": 1", "\"version\": 3"),
        ("acquirer.27000001", "acquirer.27000002"),
        ("\"length\": 32", "\"length\": 16"),
        ("2026", "2025"),
    ] {
        assert!(text.contains(from), "{from}: {text}");
        files_write(&path, &text.replacen(from, to, 1));
        assert!(KeyStore::open(&path, &credential).is_err(), "{from}");
    }
    // An entry that is taken out, and one whose secret is another's.
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    file["keys"].as_array_mut().unwrap().remove(0);
    files_write(&path, &file.to_string());
    assert!(KeyStore::open(&path, &credential).is_err());
    files_write(&path, &text);
    assert!(KeyStore::open(&path, &credential).is_ok());
}

fn files_write(path: &Path, text: &str) {
    crate::files::write_private(path, text.as_bytes()).unwrap();
}

#[test]
fn a_passphrase_opens_it_and_can_be_changed() {
    let dir = tempfile::tempdir().unwrap();
    let (path, credential) = store(dir.path());
    let mut open = KeyStore::open(&path, &credential).unwrap();
    let passphrase = Zeroizing::new("correct horse battery\n".to_owned());
    let origin = fresh_passphrase().unwrap();
    let kek = Arc::new(origin.key(&passphrase).unwrap());
    open.wrap_again(origin, kek).unwrap();
    open.save("wrapped", None, &done()).unwrap();
    assert!(KeyStore::open(&path, &credential).is_err());
    let typed = Zeroizing::new("correct horse battery".to_owned());
    let again = KeyStore::open(&path, &typed).unwrap();
    let name: KeyName = "acquirer.27000001".parse().unwrap();
    assert_eq!(again.secret(again.entry(&name, 1).unwrap()).unwrap().expose(), key(1).expose());
    assert!(KeyStore::open(&path, &Zeroizing::new("correct horse batterz".to_owned())).is_err());
    let short = KeyStore::open(&path, &Zeroizing::new("short".to_owned())).unwrap_err();
    assert!(format!("{short:#}").contains("at least 16 characters"), "{short:#}");
}

#[test]
fn versions_go_one_way_and_a_destroyed_secret_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (path, credential) = store(dir.path());
    let mut open = KeyStore::open(&path, &credential).unwrap();
    let name: KeyName = "acquirer.27000001".parse().unwrap();
    assert!(open.destroy(&name, 1).unwrap_err().to_string().contains("retire it first"));
    assert!(open.retire(&name, 2).unwrap_err().to_string().contains("activate another version first"));
    open.retire(&name, 1).unwrap();
    open.activate(&name, 1).unwrap();
    assert_eq!(open.entry(&name, 2).unwrap().state, KeyState::Accepted);
    open.retire(&name, 2).unwrap();
    open.destroy(&name, 2).unwrap();
    open.save("destroyed", Some((&name, 2)), &done()).unwrap();
    let mut open = KeyStore::open(&path, &credential).unwrap();
    let entry = open.entry(&name, 2).unwrap().clone();
    assert_eq!((entry.state, &entry.place, entry.kcv.len()), (KeyState::Destroyed, &Place::Gone, 6));
    assert!(open.secret(&entry).is_err() && open.activate(&name, 2).is_err());
    assert!(open.entry(&name, 9).unwrap_err().to_string().contains("its versions are 1, 2"));
    // Its number is not given again, and the same key is no new version.
    assert_eq!(open.next_version(&name).unwrap(), 3);
    let twice = open.add(new("acquirer.27000001", KeyState::Accepted), &Material::Secret(key(1)), &done());
    assert!(twice.unwrap_err().to_string().contains("check value of version 1"));
}

#[test]
fn the_vaults_versions_are_numbered_together() {
    let dir = tempfile::tempdir().unwrap();
    let (path, credential) = store(dir.path());
    let mut open = KeyStore::open(&path, &credential).unwrap();
    for (name, byte) in [("vault.cards", 1), ("vault.accounts", 2), ("vault.cards", 3)] {
        let material = Material::Secret(key(byte));
        assert_eq!(open.add(new(name, KeyState::Active), &material, &done()).unwrap(), byte);
    }
    let short = Material::Secret(Key::new(vec![9; 16]).unwrap());
    assert!(
        open.add(new("vault.cards", KeyState::Active), &short, &done()).unwrap_err().to_string().contains("16 bytes")
    );
}

#[test]
fn the_log_shows_a_line_that_was_changed_or_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = store(dir.path());
    let log = log_of(&path);
    let actions = read_log(&log).unwrap();
    let said: Vec<_> = actions.iter().map(|a| (a.did.as_str(), a.key.as_str(), a.version, a.by.as_str())).collect();
    assert_eq!(said, [("generated", "acquirer.27000001", 1, "sato"), ("generated", "acquirer.27000001", 2, "sato")]);
    assert_eq!(actions[0].kcv, kcv(&key(1)));
    let text = std::fs::read_to_string(&log).unwrap();
    files_write(&log, &text.replacen("sato", "suzuki", 1));
    assert!(read_log(&log).unwrap_err().to_string().contains("line 2"));
    files_write(&log, text.split_once('\n').unwrap().1);
    assert!(read_log(&log).unwrap_err().to_string().contains("line 1"));
}

#[test]
fn a_line_that_a_crash_cut_short_hides_no_other_one() {
    let dir = tempfile::tempdir().unwrap();
    let (path, credential) = store(dir.path());
    let log = log_of(&path);
    let text = std::fs::read_to_string(&log).unwrap();
    files_write(&log, &format!("{text}{{\"at\":\"2026-11"));
    assert_eq!(read_log(&log).unwrap().len(), 2, "at the end");
    let mut open = KeyStore::open(&path, &credential).unwrap();
    let name: KeyName = "acquirer.27000001".parse().unwrap();
    open.retire(&name, 1).unwrap();
    open.save("retired", Some((&name, 1)), &done()).unwrap();
    let did: Vec<String> = read_log(&log).unwrap().into_iter().map(|action| action.did).collect();
    assert_eq!(did, ["generated", "generated", "retired"], "in the middle");
    // The same in a line that the next one does not follow is a change.
    let changed = std::fs::read_to_string(&log).unwrap().replacen("generated", "gener", 1).replacen('"', "", 1);
    files_write(&log, &changed);
    assert!(read_log(&log).is_err());
}

#[test]
fn names_are_read_as_they_are_written() {
    for name in [
        "acquirer.27000001",
        "issuer.7",
        "issuer.1.to",
        "issuer.12.from",
        "vault.cards",
        "vault.accounts",
        "lookup",
        "audit",
        "batches",
        "cluster",
        "node.node-1",
        "webhook",
    ] {
        assert_eq!(name.parse::<KeyName>().unwrap().to_string(), name);
    }
    for name in [
        "",
        "vault",
        "acquirer.",
        "acquirer.x",
        "issuer.",
        "issuer.x.to",
        "issuer.1.both",
        "node.",
        "node.a b",
        "audit.1",
    ] {
        assert!(name.parse::<KeyName>().is_err(), "{name}");
    }
}

#[test]
fn components_make_a_key_that_none_of_them_shows() {
    let (a, b) = (components::draw(32).unwrap(), components::draw(32).unwrap());
    let key = components::join(&[a.clone(), b.clone()]).unwrap();
    assert_eq!(components::join(&[key.clone(), b.clone()]).unwrap().expose(), a.expose());
    let typed = components::read(&components::grouped(&a)).unwrap();
    assert_eq!(typed.expose(), a.expose());
    assert_eq!(components::grouped(&a).lines().count(), 4);
    use components::ComponentError::*;
    for (text, error) in [("0g", Hex(2)), ("11", Length(2)), (&"00".repeat(16), Zeros), ("", Length(0))] {
        assert_eq!(components::read(text).unwrap_err(), error, "{text}");
    }
    let short = components::draw(16).unwrap();
    assert_eq!(components::join(&[a.clone(), short]).unwrap_err(), Lengths);
    assert_eq!(components::join(&[a.clone(), a.clone()]).unwrap_err(), Cancel);
    assert_eq!(components::join(&[a]).unwrap_err(), Few(1));
}

#[test]
fn fiscal_years_begin_in_april() {
    let year = |text: &str| FiscalYear::of(Millis::parse(text).unwrap()).0;
    assert_eq!(year("2026-04-01T00:00:00+09:00"), 2026);
    assert_eq!(year("2026-03-31T23:59:59+09:00"), 2025);
    assert_eq!(year("2027-01-01"), 2026);
    assert_eq!(FiscalYear(2026).begin(), Millis::parse("2026-04-01"));
}

/// RFC 9106's own parameters would take a gigabyte: this fixes ours, so that a store opens with the next version too.
#[test]
fn argon2id_gives_the_key_that_it_always_gave() {
    let origin = KekOrigin::Passphrase { salt: "00".repeat(16), memory: 64, passes: 1, lanes: 1 };
    let kek = origin.key("0123456789abcdef").unwrap();
    let again = origin.key("0123456789abcdef\n").unwrap();
    let wrapped = kek.wrap(b"secret", b"aad").unwrap();
    assert_eq!(&**again.unwrap(&wrapped, b"aad").unwrap(), b"secret");
    assert_eq!(again.unwrap(&wrapped, b"other").unwrap_err(), WrapError::Closed);
    let huge = KekOrigin::Passphrase { salt: "00".repeat(16), memory: u32::MAX, passes: 1, lanes: 1 };
    assert!(matches!(huge.key("0123456789abcdef"), Err(WrapError::Unfit(_))));
}
