//! AES with a key of any length: CBC without padding (NIST SP 800-38A), and CMAC (SP 800-38B).

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256, Block};
use cmac::{Cmac, Mac};
use kazasu_schemas::secret::Key;

/// Bytes of a cipher block, and of the authentication code.
pub(super) const BLOCK: usize = 16;

/// The cipher and its CMAC, prepared.
pub(super) enum Cipher {
    Aes128(Box<(Aes128, Cmac<Aes128>)>),
    Aes192(Box<(Aes192, Cmac<Aes192>)>),
    Aes256(Box<(Aes256, Cmac<Aes256>)>),
}

fn both<C: KeyInit, M: KeyInit>(key: &[u8]) -> Box<(C, M)> {
    let fits = "the key's length was looked at";
    Box::new((C::new_from_slice(key).expect(fits), M::new_from_slice(key).expect(fits)))
}

fn tag<M: Mac + Clone>(mac: &M, parts: &[&[u8]]) -> [u8; BLOCK] {
    let mut mac = mac.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes()[..].try_into().expect("a CMAC has one block")
}

impl Cipher {
    pub(super) fn new(key: &Key) -> Self {
        let bytes = key.expose();
        match bytes.len() {
            16 => Cipher::Aes128(both(bytes)),
            24 => Cipher::Aes192(both(bytes)),
            _ => Cipher::Aes256(both(bytes)),
        }
    }

    pub(super) fn cmac(&self, parts: &[&[u8]]) -> [u8; BLOCK] {
        match self {
            Cipher::Aes128(both) => tag(&both.1, parts),
            Cipher::Aes192(both) => tag(&both.1, parts),
            Cipher::Aes256(both) => tag(&both.1, parts),
        }
    }

    fn encrypt(&self, block: &mut Block) {
        match self {
            Cipher::Aes128(both) => both.0.encrypt_block(block),
            Cipher::Aes192(both) => both.0.encrypt_block(block),
            Cipher::Aes256(both) => both.0.encrypt_block(block),
        }
    }

    fn decrypt(&self, block: &mut Block) {
        match self {
            Cipher::Aes128(both) => both.0.decrypt_block(block),
            Cipher::Aes192(both) => both.0.decrypt_block(block),
            Cipher::Aes256(both) => both.0.decrypt_block(block),
        }
    }

    /// Encrypts whole blocks where they are.
    pub(super) fn cbc_encrypt(&self, initial: [u8; BLOCK], data: &mut [u8]) {
        let mut before = Block::from(initial);
        for chunk in data.as_chunks_mut::<BLOCK>().0 {
            let mut block = Block::from(*chunk);
            xor(&mut block, &before);
            self.encrypt(&mut block);
            *chunk = block.into();
            before = block;
        }
    }

    /// Decrypts whole blocks where they are.
    pub(super) fn cbc_decrypt(&self, initial: [u8; BLOCK], data: &mut [u8]) {
        let mut before = Block::from(initial);
        for chunk in data.as_chunks_mut::<BLOCK>().0 {
            let encrypted = Block::from(*chunk);
            let mut block = encrypted;
            self.decrypt(&mut block);
            xor(&mut block, &before);
            *chunk = block.into();
            before = encrypted;
        }
    }
}

fn xor(block: &mut Block, with: &Block) {
    for (a, b) in block.iter_mut().zip(with) {
        *a ^= b;
    }
}
