//! One session with a token. It lives on one thread, and is opened again when it was lost.

use crate::needed::{MAKE_SIGNING, MAKE_WRAPPING, NEEDED, Needed};
use crate::{HsmError, KeyKind, Missing, TokenFacts, TokenKey, TokenMechanism, TokenSettings};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::{AuthPin, Ulong};
use kazasu_text::Said;
use kazasu_text::key_store::{DeviceText, UnfitKey};
use std::collections::HashMap;
use zeroize::Zeroizing;

/// The beginning of a wrapped key: the form of the rest, a nonce of 12 bytes and the encrypted key with its tag of 16.
const FORM: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;
/// DER of the curve's name: the object identifier 1.3.101.112, and the name that older tokens know.
const CURVES: [&[u8]; 2] = [&[0x06, 0x03, 0x2b, 0x65, 0x70], b"\x13\x0cedwards25519"];

/// The error of an operation, and whether another session may help.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The session, the token or the device is gone.
    Lost(HsmError),
    /// It stays so.
    Final(HsmError),
}

impl From<HsmError> for Fault {
    fn from(error: HsmError) -> Self {
        match error {
            // It may come back.
            HsmError::NoToken { .. } => Fault::Lost(error),
            _ => Fault::Final(error),
        }
    }
}

/// A session that is logged in.
pub(crate) struct Device {
    context: Pkcs11,
    session: Session,
    slot: Slot,
    token: String,
    /// Keys that were found and checked.
    known: HashMap<(String, KeyKind), ObjectHandle>,
}

/// Loads the library. It stays loaded: some do not survive a second time.
pub(crate) fn load(settings: &TokenSettings) -> Result<Pkcs11, HsmError> {
    let refused = |error: Error| HsmError::Module { path: settings.module.clone(), why: error.to_string() };
    let context = Pkcs11::new(&settings.module).map_err(refused)?;
    initialize(&context).map_err(refused)?;
    Ok(context)
}

fn initialize(context: &Pkcs11) -> Result<(), Error> {
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        done => done,
    }
}

/// Makes the library look for its tokens again: one that was taken out and put back is not seen otherwise.
pub(crate) fn begin_again(context: &Pkcs11) {
    if let Err(error) = context.clone().finalize() {
        tracing::debug!(%error, "the PKCS#11 module does not finalize");
    }
    if let Err(error) = initialize(context) {
        tracing::debug!(%error, "the PKCS#11 module does not initialize");
    }
}

impl Device {
    /// Finds the token by its label and logs in.
    pub(crate) fn open(context: &Pkcs11, settings: &TokenSettings, pin: &str) -> Result<Self, Fault> {
        let token = settings.token.clone();
        let lost = |error: Error| Fault::Lost(device_error(&token, "be opened", &error));
        let slot = find(context, &token)?;
        // Read-write, because keys are made here too.
        let session = context.open_rw_session(slot).or_else(|error| match error {
            Error::Pkcs11(RvError::TokenWriteProtected, _) => context.open_ro_session(slot),
            other => Err(other),
        });
        let session = session.map_err(lost)?;
        match session.login(UserType::User, Some(&AuthPin::from(pin.to_owned()))) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(Error::Pkcs11(
                said @ (RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinExpired
                | RvError::PinLocked
                | RvError::UserPinNotInitialized),
                _,
            )) => return Err(HsmError::Pin { token, why: format!("{said:?}") }.into()),
            Err(error) => return Err(lost(error)),
        }
        Ok(Device { context: context.clone(), session, slot, token, known: HashMap::new() })
    }

    /// The device's manufacturer, and its keys.
    pub(crate) fn facts(&self) -> Result<TokenFacts, Fault> {
        let about = self.context.get_token_info(self.slot).map_err(|error| self.fault("be asked", &error))?;
        let known = self.context.get_mechanism_list(self.slot).map_err(|error| self.fault("be asked", &error))?;
        let mechanism =
            |(mechanism, name, needed_for)| TokenMechanism { name, needed_for, there: known.contains(&mechanism) };
        let mut keys = Vec::new();
        for kind in [KeyKind::Encryption, KeyKind::Signing, KeyKind::Derivation] {
            for key in self.find(kind, None)? {
                let label = self.label(key)?;
                let unfit = self.not_used(kind, key, &label)?;
                keys.push(TokenKey { kind, label, unfit });
            }
        }
        keys.sort_by(|a, b| a.label.cmp(&b.label));
        Ok(TokenFacts {
            manufacturer: about.manufacturer_id().trim().to_owned(),
            model: about.model().trim().to_owned(),
            serial: about.serial_number().trim().to_owned(),
            mechanisms: NEEDED.map(mechanism).to_vec(),
            keys,
        })
    }

    /// The reason why a key would not be used; none where it may be.
    fn not_used(&self, kind: KeyKind, key: ObjectHandle, label: &str) -> Result<Option<Said>, Fault> {
        let count = self.find(kind, Some(label))?.len();
        if count > 1 {
            return Ok(Some(Said::of(&DeviceText::SeveralKeys { count: count.into() })));
        }
        if let Some(why) = self.fit(kind, key)? {
            return Ok(Some(Said::of(&why)));
        }
        if kind != KeyKind::Signing {
            return Ok(None);
        }
        match self.public(label) {
            Ok(_) => Ok(None),
            Err(Fault::Final(error)) => Ok(Some(error.said())),
            Err(lost) => Err(lost),
        }
    }

    /// A key by its label, checked once.
    pub(crate) fn key(&mut self, kind: KeyKind, label: &str, missing: Missing) -> Result<ObjectHandle, Fault> {
        let name = (label.to_owned(), kind);
        if let Some(key) = self.known.get(&name) {
            return Ok(*key);
        }
        let found = self.find(kind, Some(label))?;
        let key = match (found.as_slice(), missing) {
            ([key], _) => *key,
            ([], Missing::Generate) => self.generate(kind, label)?,
            ([], Missing::Refuse) => {
                let (token, label) = (self.token.clone(), label.to_owned());
                return Err(HsmError::NoKey { token, what: kind.words(), label }.into());
            }
            (many, _) => {
                let (token, label, count) = (self.token.clone(), label.to_owned(), many.len());
                return Err(HsmError::Ambiguous { token, what: kind.words(), label, count }.into());
            }
        };
        if let Some(why) = self.fit(kind, key)? {
            return Err(HsmError::Unfit { token: self.token.clone(), label: label.to_owned(), why }.into());
        }
        self.known.insert(name, key);
        Ok(key)
    }

    /// Makes a key inside, which never leaves.
    fn generate(&self, kind: KeyKind, label: &str) -> Result<ObjectHandle, Fault> {
        let named = [Attribute::Token(true), Attribute::Label(label.as_bytes().to_vec())];
        let stays = [Attribute::Private(true), Attribute::Sensitive(true), Attribute::Extractable(false)];
        match kind {
            KeyKind::Derivation => {
                let (token, label) = (self.token.clone(), label.to_owned());
                Err(HsmError::NoKey { token, what: kind.words(), label }.into())
            }
            KeyKind::Encryption => {
                self.supports(MAKE_WRAPPING)?;
                // Wrapping one key of the token under another is not for us, nor for a thief of the PIN.
                let uses = [
                    Attribute::ValueLen(Ulong::from(32_u64)),
                    Attribute::Encrypt(true),
                    Attribute::Decrypt(true),
                    Attribute::Sign(false),
                    Attribute::Verify(false),
                    Attribute::Wrap(false),
                    Attribute::Unwrap(false),
                    Attribute::Derive(false),
                ];
                let template = [&named[..], &stays[..], &uses[..]].concat();
                let made = self.session.generate_key(&Mechanism::AesKeyGen, &template);
                made.map_err(|error| self.fault("make an AES key", &error))
            }
            KeyKind::Signing => {
                self.supports(MAKE_SIGNING)?;
                let private = [&named[..], &stays[..], &[Attribute::Sign(true)]].concat();
                let mut last = None;
                for curve in CURVES {
                    let uses =
                        [Attribute::Verify(true), Attribute::Private(false), Attribute::EcParams(curve.to_vec())];
                    let public = [&named[..], &uses[..]].concat();
                    match self.session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private) {
                        Ok((_, key)) => return Ok(key),
                        Err(error) => last = Some(self.fault("make an Ed25519 key", &error)),
                    }
                }
                Err(last.expect("there are curves"))
            }
        }
    }

    /// Encrypts a key under the token's: form, nonce, ciphertext with tag. `about` must be the same when it is opened.
    pub(crate) fn wrap(&self, key: ObjectHandle, about: &[u8], clear: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut nonce = [0; NONCE];
        self.session.generate_random_slice(&mut nonce).map_err(|error| self.fault("draw random numbers", &error))?;
        let mechanism = Mechanism::AesGcm(gcm(&mut nonce, about));
        let encrypted =
            self.session.encrypt(&mechanism, key, clear).map_err(|error| self.fault("wrap a key", &error))?;
        drop(mechanism);
        let mut out = Vec::with_capacity(1 + NONCE + encrypted.len());
        out.push(FORM);
        // Devices under FIPS rules choose the nonce themselves and put it where ours was.
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&encrypted);
        Ok(out)
    }

    /// Opens what [`Device::wrap`] made.
    pub(crate) fn unwrap(&self, key: ObjectHandle, about: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let Some((&[FORM], rest)) = wrapped.split_first_chunk::<1>() else { return Err(HsmError::Wrapped.into()) };
        let (nonce, encrypted) = rest.split_first_chunk::<NONCE>().ok_or(HsmError::Wrapped)?;
        if encrypted.len() < TAG {
            return Err(HsmError::Wrapped.into());
        }
        let mut nonce = *nonce;
        let mechanism = Mechanism::AesGcm(gcm(&mut nonce, about));
        match self.session.decrypt(&mechanism, key, encrypted) {
            Ok(clear) => Ok(Zeroizing::new(clear)),
            Err(error) => match self.fault("unwrap a key", &error) {
                // Tokens have several codes for a tag that does not fit, general ones among them. Where the key is still
                // there, it is the text.
                Fault::Lost(lost) if self.label(key).is_err() => Err(Fault::Lost(lost)),
                Fault::Lost(_) | Fault::Final(_) => Err(HsmError::Wrapped.into()),
            },
        }
    }

    /// The public key that belongs to a private one.
    pub(crate) fn public(&self, label: &str) -> Result<[u8; 32], Fault> {
        let template = [
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(KeyType::EC_EDWARDS),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        let found = self.session.find_objects(&template).map_err(|error| self.fault("find a public key", &error))?;
        let [key] = found.as_slice() else {
            let (token, label) = (self.token.clone(), label.to_owned());
            let what = "public key (Ed25519)";
            return Err(match found.len() {
                0 => HsmError::NoKey { token, what, label }.into(),
                count => HsmError::Ambiguous { token, what, label, count }.into(),
            });
        };
        let read = self.session.get_attributes(*key, &[AttributeType::EcPoint]);
        let read = read.map_err(|error| self.fault("read a public key", &error))?;
        let Some(Attribute::EcPoint(point)) = read.first() else {
            return Err(self.unfit(label, UnfitKey::PublicUnreadable));
        };
        // An octet string around the point, or the point alone.
        let point = point.strip_prefix(&[0x04, 32]).unwrap_or(point);
        point.try_into().map_err(|_| self.unfit(label, UnfitKey::PublicLength))
    }

    /// Signs (Ed25519, RFC 8032).
    pub(crate) fn sign(&self, key: ObjectHandle, text: &[u8]) -> Result<[u8; 64], Fault> {
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        let signature = self.session.sign(&mechanism, key, text).map_err(|error| self.fault("sign", &error))?;
        signature.try_into().map_err(|_| self.odd("sign", "a signature has not 64 bytes"))
    }

    /// The whole tag over a text: AES-CMAC or HMAC-SHA-256, as the key's type is.
    pub(crate) fn tag(&self, key: ObjectHandle, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let read = self.session.get_attributes(key, &[AttributeType::KeyType]);
        let of = match read.map_err(|error| self.fault("read a key", &error))?.first() {
            Some(Attribute::KeyType(of)) => *of,
            _ => return Err(self.odd("derive a key", "a key has no type")),
        };
        let mechanism = match of {
            KeyType::AES => Mechanism::AesCMac,
            KeyType::GENERIC_SECRET | KeyType::SHA256_HMAC => Mechanism::Sha256Hmac,
            _ => return Err(self.odd("derive a key", "the key is neither of AES nor of HMAC-SHA-256")),
        };
        let tag = self.session.sign(&mechanism, key, text).map_err(|error| self.fault("derive a key", &error))?;
        Ok(Zeroizing::new(tag))
    }

    /// Does the token have this mechanism?
    pub(crate) fn supports(&self, needed: Needed) -> Result<(), Fault> {
        let (mechanism, name, what) = needed;
        let known = self.context.get_mechanism_list(self.slot).map_err(|error| self.fault("be asked", &error))?;
        if known.contains(&mechanism) {
            return Ok(());
        }
        Err(HsmError::Mechanism { token: self.token.clone(), mechanism: name, what }.into())
    }

    fn find(&self, kind: KeyKind, label: Option<&str>) -> Result<Vec<ObjectHandle>, Fault> {
        let mut template = match kind {
            KeyKind::Encryption => {
                let uses = [Attribute::Encrypt(true), Attribute::Decrypt(true)];
                [&[Attribute::Class(ObjectClass::SECRET_KEY), Attribute::KeyType(KeyType::AES)][..], &uses].concat()
            }
            KeyKind::Signing => {
                vec![Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(KeyType::EC_EDWARDS)]
            }
            KeyKind::Derivation => vec![Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Sign(true)],
        };
        template.push(Attribute::Token(true));
        template.extend(label.map(|label| Attribute::Label(label.as_bytes().to_vec())));
        self.session.find_objects(&template).map_err(|error| self.fault("find a key", &error))
    }

    fn label(&self, key: ObjectHandle) -> Result<String, Fault> {
        let read = self.session.get_attributes(key, &[AttributeType::Label]);
        let read = read.map_err(|error| self.fault("read a label", &error))?;
        match read.first() {
            Some(Attribute::Label(label)) => Ok(String::from_utf8_lossy(label).into_owned()),
            _ => Err(self.odd("read a label", "a key has none")),
        }
    }

    /// The reason why a key is not used, where it is not.
    fn fit(&self, kind: KeyKind, key: ObjectHandle) -> Result<Option<UnfitKey>, Fault> {
        let mut wanted = vec![AttributeType::Extractable, AttributeType::Sensitive];
        match kind {
            KeyKind::Encryption => wanted.extend([AttributeType::NeverExtractable, AttributeType::ValueLen]),
            KeyKind::Signing => wanted.push(AttributeType::NeverExtractable),
            KeyKind::Derivation => {}
        }
        let read = self.session.get_attributes(key, &wanted).map_err(|error| self.fault("read a key", &error))?;
        for attribute in read {
            let why = match attribute {
                Attribute::Extractable(true) => UnfitKey::Extractable,
                Attribute::Sensitive(false) => UnfitKey::Sensitive,
                Attribute::NeverExtractable(false) => UnfitKey::CameFromOutside,
                Attribute::ValueLen(len) if len != Ulong::from(32_u64) => UnfitKey::Short,
                _ => continue,
            };
            return Ok(Some(why));
        }
        Ok(None)
    }

    fn unfit(&self, label: &str, why: UnfitKey) -> Fault {
        HsmError::Unfit { token: self.token.clone(), label: label.to_owned(), why }.into()
    }

    fn odd(&self, what: &'static str, why: &str) -> Fault {
        Fault::Final(HsmError::Device { token: self.token.clone(), what, why: why.to_owned() })
    }

    fn fault(&self, what: &'static str, error: &Error) -> Fault {
        let gone = matches!(
            error,
            Error::Pkcs11(
                RvError::SessionHandleInvalid
                    | RvError::SessionClosed
                    | RvError::SlotIdInvalid
                    | RvError::TokenNotPresent
                    | RvError::TokenNotRecognized
                    | RvError::DeviceError
                    | RvError::DeviceMemory
                    | RvError::DeviceRemoved
                    | RvError::UserNotLoggedIn
                    | RvError::ObjectHandleInvalid
                    | RvError::KeyHandleInvalid
                    | RvError::CryptokiNotInitialized
                    | RvError::GeneralError
                    | RvError::FunctionFailed
                    | RvError::OperationActive,
                _
            )
        );
        let error = device_error(&self.token, what, error);
        if gone { Fault::Lost(error) } else { Fault::Final(error) }
    }
}

fn device_error(token: &str, what: &'static str, error: &Error) -> HsmError {
    HsmError::Device { token: token.to_owned(), what, why: error.to_string() }
}

fn gcm<'a>(nonce: &'a mut [u8; NONCE], about: &'a [u8]) -> GcmParams<'a> {
    let bits = Ulong::from(128_u64);
    GcmParams::new(nonce, about, bits).expect("lengths of a few bytes fit")
}

/// The slot whose token has this label.
fn find(context: &Pkcs11, token: &str) -> Result<Slot, Fault> {
    let slots = context.get_slots_with_initialized_token();
    let slots = slots.map_err(|error| Fault::Lost(device_error(token, "be found", &error)))?;
    let mut found = Vec::new();
    for slot in slots {
        // A slot may lose its token between the two questions.
        let Ok(about) = context.get_token_info(slot) else { continue };
        found.push((slot, about.label().trim().to_owned()));
    }
    let mut named = found.iter().filter(|(_, label)| label == token);
    match (named.next(), named.next()) {
        (Some((slot, _)), None) => Ok(*slot),
        (one, _) => {
            let labels: Vec<String> = found.iter().map(|(_, label)| format!("{label:?}")).collect();
            let found = match (one, labels.is_empty()) {
                (Some(_), _) => format!("several of them ({})", labels.join(", ")),
                (None, true) => "none".into(),
                (None, false) => labels.join(", "),
            };
            Err(HsmError::NoToken { token: token.to_owned(), found }.into())
        }
    }
}
