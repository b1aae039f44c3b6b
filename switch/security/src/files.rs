//! Files that people hand over and files that people get. What comes in is text in UTF-8, with or without a byte order mark. What goes
//! out names people, accounts or payments: only its owner may read it, from its first byte on and with any umask, and it is
//! there as a whole or not at all.

use anyhow::{bail, ensure};
use kazasu_text::files::{FileText, OwnerText};
use kazasu_text::{Octal, Said, errors};
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

#[cfg(test)]
mod tests;

/// Read and write for the owner.
const OWNER_ONLY: u32 = 0o600;

/// A file's bytes.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| errors::unreadable(path, &error).into())
}

/// A file's text, without its byte order mark.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    let bytes = read(path)?;
    let no_text = |error| Said::of(&FileText::In { path: &shown(path), why: &errors::not_text(error) });
    Ok(kazasu_schemas::utf8::text(&bytes).map_err(no_text)?.to_owned())
}

/// Writes a file that only its owner may read. One that is there is replaced, its mode too.
pub fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = PrivateFile::create(path)?;
    file.write_all(bytes).map_err(|error| errors::unwritable(path, &error))?;
    file.finish()
}

/// A file that only its owner may read, while it is being written. It takes its name when it is finished; one that is dropped
/// before leaves what was there.
///
/// A pipe or a device (`/dev/stdout`) is written as it is.
#[derive(Debug)]
pub struct PrivateFile {
    path: PathBuf,
    to: To,
}

#[derive(Debug)]
enum To {
    /// Beside the file that it becomes.
    Beside(NamedTempFile),
    /// A pipe or a device.
    Itself(File),
}

impl PrivateFile {
    /// Begins a file.
    pub fn create(path: &Path) -> anyhow::Result<PrivateFile> {
        Self::begin(path).map_err(|error| errors::unwritable(path, &error).into())
    }

    fn begin(path: &Path) -> io::Result<PrivateFile> {
        let there = match std::fs::metadata(path) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if there.as_ref().is_some_and(Metadata::is_dir) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            let file = OpenOptions::new().write(true).open(path)?;
            return Ok(PrivateFile { path: path.to_owned(), to: To::Itself(file) });
        }
        // A link keeps leading where it led.
        let path = if there.is_some() { std::fs::canonicalize(path)? } else { path.to_owned() };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new()
            .prefix(".kazasu-")
            .suffix(".part")
            .permissions(Permissions::from_mode(OWNER_ONLY))
            .tempfile_in(folder)?;
        // The umask may have taken the owner's own rights away.
        file.as_file().set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        Ok(PrivateFile { path, to: To::Beside(file) })
    }

    /// Gives the file its name, when its bytes are on the disk.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let done = self.flush().and_then(|()| match self.to {
            To::Itself(_) => Ok(()),
            To::Beside(file) => {
                file.as_file().sync_all()?;
                file.persist(&self.path).map(drop).map_err(|e| e.error)
            }
        });
        done.map_err(|error| errors::unwritable(&self.path, &error).into())
    }
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Beside(file) => file.write(bytes),
            To::Itself(file) => file.write(bytes).map_err(kazasu_console::out::of_a_pipe),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Beside(file) => file.flush(),
            To::Itself(file) => file.flush(),
        }
    }
}

/// Refuses a file that others than its owner may read.
pub fn only_owner_reads(path: &Path) -> anyhow::Result<()> {
    let meta = std::fs::metadata(path).map_err(|error| errors::unreadable(path, &error))?;
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!(Said::of(&FileText::OthersRead { path: &shown(path), mode: &format!("{mode:03o}") }));
    }
    Ok(())
}

/// Is it a pipe or a device, or what a shell leads standard output to?
pub fn is_stream(path: &Path) -> bool {
    path.starts_with("/dev") || std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// Are these two names of one file?
pub fn is_one(a: &Path, b: &Path) -> bool {
    let of = |path: &Path| std::fs::metadata(path).map(|there| (there.dev(), there.ino()));
    matches!((of(a), of(b)), (Ok(a), Ok(b)) if a == b)
}

/// Writes a file that only its owner may read and that must not be there yet.
pub fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path)?;
        let written = file.set_permissions(Permissions::from_mode(OWNER_ONLY)).and_then(|()| file.write_all(bytes));
        if written.is_err() {
            // A part of it would stand in the way of the next attempt.
            let _ = std::fs::remove_file(path);
        }
        written
    };
    write().map_err(|error| errors::unwritable(path, &error).into())
}

/// Opens a file that others of our programs write too (a database, a lock), or makes it, so that only its owner reads it. Made by
/// root in another user's folder, it is that user's. One that is there keeps its mode.
pub fn open_private(path: &Path) -> anyhow::Result<File> {
    let open = || {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let made = options.clone().create_new(true).mode(OWNER_ONLY).open(path);
        match made {
            Ok(file) => {
                file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
                hand_over(path, &file.metadata()?)?;
                Ok(file)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(path),
            Err(error) => Err(error),
        }
    };
    let unwritable = |error: io::Error| {
        let why = &errors::io(&error);
        match owner(path) {
            Some(owner) => Said::of(&FileText::WriteOf { path: &shown(path), owner, why }),
            None => Said::of(&FileText::Write { path: &shown(path), why }),
        }
    };
    open().map_err(|error| unwritable(error).into())
}

/// Makes a folder, and those above it, so that only its owner looks into it. One that is there keeps its mode.
pub fn private_folder(path: &Path) -> anyhow::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| is_missing(folder)).collect();
    for folder in missing.iter().rev() {
        let make = || {
            match DirBuilder::new().mode(0o700).create(folder) {
                // Another program was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
                made => made?,
            }
            std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
            hand_over(folder, &std::fs::metadata(folder)?)
        };
        let uncreated = |error: io::Error| {
            let why = &errors::io(&error);
            match owner(folder) {
                Some(owner) => Said::of(&FileText::CreateOf { path: &shown(folder), owner, why }),
                None => Said::of(&FileText::Create { path: &shown(folder), why }),
            }
        };
        make().map_err(uncreated)?;
    }
    ensure!(path.is_dir() || path.as_os_str().is_empty(), Said::of(&FileText::NoFolder { path: &shown(path) }));
    Ok(())
}

fn is_missing(folder: &Path) -> bool {
    !folder.as_os_str().is_empty() && matches!(std::fs::metadata(folder), Err(e) if e.kind() == io::ErrorKind::NotFound)
}

/// What root makes in another user's folder is that user's: a service that runs as this user must be able to use it. Other users
/// cannot give a file away, and need not.
fn hand_over(path: &Path, made: &Metadata) -> io::Result<()> {
    let folder = std::fs::metadata(folder_of(path))?;
    if made.uid() != 0 || folder.uid() == 0 {
        return Ok(());
    }
    std::os::unix::fs::chown(path, Some(folder.uid()), Some(folder.gid()))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// For an error: whose the file is, or else the folder.
fn owner(path: &Path) -> Option<OwnerText> {
    let of = |path: &Path| std::fs::metadata(path).ok().map(|there| (there.uid(), there.mode() & 0o777));
    let its = of(path).map(|(user, mode)| OwnerText::Its { user, mode: Octal(mode) });
    its.or_else(|| of(folder_of(path)).map(|(user, mode)| OwnerText::ItsFolder { user, mode: Octal(mode) }))
}

/// A path in a text.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
