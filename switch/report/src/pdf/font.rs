//! The font of a statement: where Debian and others put Japanese ones, or the file that the caller names.

use super::face::Face;
use std::fs;
use std::path::{Path, PathBuf};

/// Where fonts with Japanese usually are, the ones made for documents first.
const USUAL: [&str; 8] = [
    "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
    "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf",
    "/usr/share/fonts/truetype/fonts-japanese-gothic.ttf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/ipa-ex-gothic-fonts/ipaexg.ttf",
    "/usr/share/fonts/OTF/ipaexg.ttf",
];
/// The largest font file that is read, in bytes (Noto Sans CJK has 20 MB).
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Faces of a collection that are looked at.
const MAX_FACES: u32 = 64;

/// A font file in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Font {
    bytes: Vec<u8>,
    index: u32,
    from: String,
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Font({}, face {})", self.from, self.index)
    }
}

/// Why a font cannot be used.
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
        /// What the system says.
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
        /// Where the font came from.
        from: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The font has no Japanese.
    #[error("{from} has no Japanese characters; `apt-get install fonts-ipaexfont-gothic` brings a font that has")]
    NotJapanese {
        /// Where the font came from.
        from: String,
    },
    /// The font's licence bits (OS/2 `fsType`) forbid it.
    #[error("{from} may not be embedded in documents (fsType {fs_type:#06x})")]
    Restricted {
        /// Where the font came from.
        from: String,
        /// The bits.
        fs_type: u16,
    },
}

impl Font {
    /// The font in `named`, or else the first one in the usual places. Reads files.
    pub fn find(named: Option<&Path>) -> Result<Self, FontError> {
        match named {
            Some(path) => Font::open(path),
            None => Font::first_of(&USUAL.map(PathBuf::from)),
        }
    }

    /// The first of these files that is there.
    pub(super) fn first_of(paths: &[PathBuf]) -> Result<Self, FontError> {
        let path = paths.iter().find(|path| path.is_file()).ok_or(FontError::Missing)?;
        Font::open(path)
    }

    fn open(path: &Path) -> Result<Self, FontError> {
        let name = path.display().to_string();
        let read = |e: std::io::Error| FontError::Read { path: name.clone(), problem: e.to_string() };
        let bytes = fs::metadata(path).map_err(read)?.len();
        if bytes > MAX_BYTES {
            return Err(FontError::Large { path: name, bytes });
        }
        let bytes = fs::read(path).map_err(read)?;
        Font::from_bytes(bytes, &name)
    }

    /// A font from memory; `from` is what errors call it. Of a collection, the first face that can be used.
    pub fn from_bytes(bytes: Vec<u8>, from: &str) -> Result<Self, FontError> {
        let mut font = Font { bytes, index: 0, from: from.to_owned() };
        let first = match Face::new(&font) {
            Ok(_) => return Ok(font),
            Err(error) => error,
        };
        for index in 1..font.faces() {
            font.index = index;
            if Face::new(&font).is_ok() {
                return Ok(font);
            }
        }
        Err(first)
    }

    fn faces(&self) -> u32 {
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

    /// Where the font came from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.from
    }
}
