//! The font of a statement: where Debian and others put Japanese ones, or the file that the caller names.

pub use super::font_file::{Font, FontError};

use super::face::Face;
use super::font_file::MAX_BYTES;
use std::fs;
use std::path::{Path, PathBuf};

/// The usual folders of fonts with Japanese, the ones made for documents first.
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
}
