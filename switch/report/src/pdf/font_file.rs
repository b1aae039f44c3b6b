//! A font file in memory, and the reasons for not using one.

/// The largest font file that is read, in bytes (Noto Sans CJK has 20 MB).
pub(super) const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Faces of a collection that are looked at.
const MAX_FACES: u32 = 64;

/// A font file in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Font {
    pub(super) bytes: Vec<u8>,
    pub(super) index: u32,
    pub(super) from: String,
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Font({}, face {})", self.from, self.index)
    }
}

/// The error of a font that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FontError {
    /// The machine has none.
    #[error("no Japanese font on this machine: run `apt-get install fonts-ipaexfont-gothic`")]
    Missing,
    /// The file cannot be read.
    #[error("cannot read the font {path}: {problem}")]
    Read {
        /// The file.
        path: String,
        /// The system's error.
        problem: String,
    },
    /// The file is larger than any font should be.
    #[error("the font {path} has {bytes} bytes, at most {MAX_BYTES} are read")]
    Large {
        /// The file.
        path: String,
        /// Its bytes.
        bytes: u64,
    },
    /// The file is no font that can be embedded.
    #[error("{from} is no TrueType or OpenType font that can be embedded: {problem}")]
    Broken {
        /// The source of the font.
        from: String,
        /// The fault.
        problem: String,
    },
    /// The font has no Japanese.
    #[error("{from} has no Japanese characters; `apt-get install fonts-ipaexfont-gothic` brings a font that has")]
    NotJapanese {
        /// The source of the font.
        from: String,
    },
    /// The font's licence bits (OS/2 `fsType`) forbid it.
    #[error("{from} may not be embedded in documents (fsType {fs_type:#06x})")]
    Restricted {
        /// The source of the font.
        from: String,
        /// The bits.
        fs_type: u16,
    },
}

impl Font {
    pub(super) fn faces(&self) -> u32 {
        match read_fonts::FileRef::new(&self.bytes) {
            Ok(read_fonts::FileRef::Collection(all)) => all.len().min(MAX_FACES),
            Ok(read_fonts::FileRef::Font(_)) | Err(_) => 1,
        }
    }

    /// The file's bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The face of a collection.
    pub(super) fn index(&self) -> u32 {
        self.index
    }

    /// The source of the font.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.from
    }
}
