//! Marks, modes, and files that are there as a whole or not at all.

use super::*;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn a_text_is_read_without_its_mark() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.toml");
    std::fs::write(&path, "\u{feff}a = 1\n").unwrap();
    assert_eq!(read_text(&path).unwrap(), "a = 1\n");
    std::fs::write(&path, b"a = \"\x8d\x60\"\n").unwrap();
    let error = format!("{:#}", read_text(&path).unwrap_err());
    assert!(error.contains("a.toml: expected text in UTF-8; byte 6, in line 1, is not"), "{error}");
}

#[test]
fn a_file_is_its_owners_whatever_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("refused.csv");
    write_private(&path, b"one").unwrap();
    assert_eq!((mode(&path), std::fs::read(&path).unwrap()), (0o600, b"one".to_vec()));
    // A reader that has a world-readable file open still sees that file; the new one is another file.
    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    write_private(&path, b"two").unwrap();
    assert_eq!((mode(&path), std::fs::read(&path).unwrap()), (0o600, b"two".to_vec()));
    // Nothing else is left in the folder.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_not_finished_leaves_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("export.csv");
    write_private(&path, b"old").unwrap();
    let mut file = PrivateFile::create(&path).unwrap();
    file.write_all(b"half").unwrap();
    let part = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path()).find(|p| *p != path).unwrap();
    assert_eq!(mode(&part), 0o600);
    drop(file);
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_link_keeps_leading_where_it_led_and_a_pipe_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    std::fs::write(&real, "old").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    write_private(&link, b"new").unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::read(&real).unwrap(), b"new");
    write_private(Path::new("/dev/null"), b"nothing").unwrap();
    let error = format!("{:#}", write_private(dir.path(), b"").unwrap_err());
    assert!(error.contains("is a directory"), "{error}");
}

#[test]
fn what_must_be_new_is_not_replaced_and_a_database_keeps_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("winners.csv");
    write_new(&path, b"one").unwrap();
    assert!(write_new(&path, b"two").is_err());
    assert_eq!((mode(&path), std::fs::read(&path).unwrap()), (0o600, b"one".to_vec()));
    open_private(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"one");
    let made = dir.path().join("made.db");
    open_private(&made).unwrap();
    assert_eq!(mode(&made), 0o600);
}

#[test]
fn folders_are_made_for_their_owner() {
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("a/b");
    private_folder(&inner).unwrap();
    assert_eq!((mode(&inner), mode(&dir.path().join("a"))), (0o700, 0o700));
    std::fs::set_permissions(&inner, Permissions::from_mode(0o755)).unwrap();
    private_folder(&inner).unwrap();
    assert_eq!(mode(&inner), 0o755);
    std::fs::write(dir.path().join("file"), "").unwrap();
    assert!(private_folder(&dir.path().join("file")).is_err());
}

/// Root alone can show it: what it makes in another user's folder is that user's, as a service expects.
#[test]
fn what_root_makes_in_anothers_folder_is_the_others() {
    let dir = tempfile::tempdir().unwrap();
    if std::fs::metadata(dir.path()).unwrap().uid() != 0 {
        return;
    }
    std::os::unix::fs::chown(dir.path(), Some(4_711), Some(4_712)).unwrap();
    let owner = |path: &Path| {
        let there = std::fs::metadata(path).unwrap();
        (there.uid(), there.gid())
    };
    let data = dir.path().join("data");
    private_folder(&data).unwrap();
    let lock = data.join("lock");
    open_private(&lock).unwrap();
    assert_eq!((owner(&data), owner(&lock)), ((4_711, 4_712), (4_711, 4_712)));
}
