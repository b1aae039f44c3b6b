//! Sign-on with session keys: both sides are proven, and what another connection heard is worth nothing on this one.

use super::*;
use crate::authentic::{ConnectionMac, Covered, SessionMaster};
use kazasu_schemas::mac::MacAlgorithm;
use kazasu_schemas::mac::kdf::MasterKey;
use kazasu_schemas::secret::Key;
use kazasu_schemas::wire::{IssuerNonces, Nonce};

fn master() -> SessionMaster {
    let key = Key::new((0..32).collect()).unwrap();
    SessionMaster::one(MacAlgorithm::AesCmac, MasterKey::new(MacAlgorithm::AesCmac, &key))
}

/// The issuer's side of a connection.
struct Issuer {
    nonces: IssuerNonces,
    keys: ConnectionMac,
}

impl Issuer {
    fn new(switch: Nonce, issuer: u8) -> Issuer {
        let nonces = IssuerNonces { switch, issuer: Nonce::new([issuer; 16]) };
        Issuer { nonces, keys: master().all_keys("900001".parse().unwrap(), &nonces).remove(0) }
    }

    /// The MAC that the issuer sends with these bytes.
    fn covered<'a>(&self, bytes: &'a [u8]) -> Option<Covered<'a>> {
        Some(Covered { bytes, tag: self.keys.from_issuer.tag(bytes) })
    }
}

impl World {
    fn with_session_keys() -> World {
        World { session: session(Keying::Session(master())), ..World::new() }
    }

    /// A new connection, on which the driver draws this nonce.
    fn asks(&mut self, nonce: u8) -> Nonce {
        let nonce = Nonce::new([nonce; 16]);
        self.session.connecting();
        self.session.connected(self.now);
        self.encoded = 0;
        assert_eq!(self.sent(), ["0800 sign_on with a nonce"]);
        self.session.drew(nonce);
        nonce
    }

    fn said(&mut self, purpose: NetworkCode, private: Option<Vec<u8>>, code: &[u8; 2]) -> Network {
        let stan = match self.session.phase() {
            Phase::SigningOn { stan, .. } | Phase::Proving { stan, .. } => stan,
            other => panic!("{other:?}"),
        };
        let ask = Network::request(purpose, "900001".parse().unwrap(), stan, Millis(0).transmission());
        Network { private, ..ask.answer(ResponseCode::from_wire(code).unwrap()) }
    }

    /// Hears both nonces, which nothing authenticates.
    fn challenged(&mut self, nonces: &IssuerNonces) -> Result<bool, SessionFault> {
        let answer = self.said(NetworkCode::SignOn, Some(nonces.answer()), b"00");
        self.session.sign_on_answered(self.now, &answer, None)
    }

    fn proven(&mut self, code: &[u8; 2], covered: Option<Covered<'_>>) -> Result<bool, SessionFault> {
        let answer = self.said(NetworkCode::KeyChange, None, code);
        self.session.sign_on_answered(self.now, &answer, covered)
    }

    fn signs_on(&mut self, nonce: u8) -> Issuer {
        let issuer = Issuer::new(self.asks(nonce), nonce + 1);
        assert_eq!(self.challenged(&issuer.nonces), Ok(true));
        assert_eq!(self.sent(), ["0800 key_change"]);
        assert_eq!(self.proven(b"00", issuer.covered(b"proof")), Ok(true));
        assert_eq!(self.session.phase(), Phase::Up);
        issuer
    }

    fn believes(&self, covered: Option<Covered<'_>>) -> bool {
        self.session.authenticity(self.now, covered) == Authenticity::Proven
    }
}

#[test]
fn both_sides_are_proven_before_anything_else_is_sent() {
    let mut w = World::with_session_keys();
    w.command(purchase(1));
    let issuer = Issuer::new(w.asks(1), 2);
    assert!(w.session.outgoing_key().is_none(), "nothing is authenticated before there are keys");
    assert!(!w.believes(issuer.covered(b"early")));
    assert_eq!(w.challenged(&issuer.nonces), Ok(true));
    assert_eq!(w.sent(), ["0800 key_change"], "the request waits for the proof");
    let key = w.session.outgoing_key().expect("the proof is under the new key");
    assert_eq!(key.tag(b"x"), issuer.keys.to_issuer.tag(b"x"));
    // Approved without a MAC, or under the switch's own key sent back: no proof.
    assert_eq!(w.proven(b"00", None), Ok(false));
    let reflected = Covered { bytes: b"proof", tag: issuer.keys.to_issuer.tag(b"proof") };
    assert_eq!(w.proven(b"00", Some(reflected)), Ok(false));
    assert_eq!(w.sent(), Vec::<String>::new());
    assert_eq!(w.proven(b"00", issuer.covered(b"proof")), Ok(true));
    assert_eq!((w.session.phase(), w.sent()), (Phase::Up, vec!["0200 1".to_owned()]));
    assert!(w.believes(issuer.covered(b"answer")) && !w.believes(None));
}

#[test]
fn what_another_connection_heard_is_no_answer_on_this_one() {
    let mut w = World::with_session_keys();
    let first = w.signs_on(1);
    assert!(w.believes(first.covered(b"recorded")));
    w.session.disconnected(w.now, 0, &mut w.reports);
    assert!(!w.believes(first.covered(b"recorded")), "its keys ended with it");
    // The recorded nonces are about another nonce of the switch.
    w.now += 100;
    w.asks(3);
    assert_eq!(w.challenged(&first.nonces), Err(SessionFault::OtherNonce));
    w.session.disconnected(w.now, 0, &mut w.reports);
    // Who puts the new one in, which nothing prevents, has no proof.
    w.now += 200;
    let switch = w.asks(5);
    assert_eq!(w.challenged(&IssuerNonces { switch, ..first.nonces }), Ok(true));
    assert_eq!(w.proven(b"00", first.covered(b"proof")), Ok(false));
    assert!(!w.believes(first.covered(b"recorded")));
    assert_eq!(w.pass(1_000), Err(SessionFault::ProofUnanswered));
}

#[test]
fn a_sign_on_that_is_not_answered_as_it_should_be_ends_the_connection() {
    let mut w = World::with_session_keys();
    w.asks(1);
    let answer = w.said(NetworkCode::SignOn, None, b"00");
    assert_eq!(w.session.sign_on_answered(w.now, &answer, None), Err(SessionFault::NoNonce));
    w.session.disconnected(w.now, 0, &mut w.reports);
    w.now += 100;
    w.asks(3);
    let answer = w.said(NetworkCode::SignOn, None, b"63");
    assert_eq!(w.session.sign_on_answered(w.now, &answer, None), Err(SessionFault::SignOnRefused(code(b"63"))));
    w.session.disconnected(w.now, 0, &mut w.reports);
    w.now += 200;
    let issuer = Issuer::new(w.asks(5), 6);
    w.challenged(&issuer.nonces).unwrap();
    assert_eq!(w.proven(b"63", None), Err(SessionFault::ProofRefused(code(b"63"))));
    // An answer to an earlier question is none.
    let mut w = World::with_session_keys();
    w.asks(1);
    let mut old = w.said(NetworkCode::SignOn, None, b"00");
    old.stan = Stan::wrapping(99);
    assert_eq!(w.session.sign_on_answered(w.now, &old, None), Ok(false));
}

#[test]
fn after_a_sign_off_keys_change_and_what_was_under_way_is_still_heard() {
    let mut w = World::with_session_keys();
    let first = w.signs_on(1);
    w.command(purchase(1));
    w.sent();
    w.hear_from_issuer(NetworkCode::SignOff);
    w.hear_from_issuer(NetworkCode::SignOn);
    assert_eq!(w.sent(), ["0810 sign_off 00", "0810 sign_on 00", "0800 sign_on with a nonce"]);
    let switch = Nonce::new([3; 16]);
    w.session.drew(switch);
    let second = Issuer::new(switch, 4);
    w.challenged(&second.nonces).unwrap();
    w.sent();
    assert!(w.believes(first.covered(b"late")), "the old keys hold until the new ones are proven");
    assert_eq!(w.proven(b"00", first.covered(b"proof")), Ok(false), "and prove nothing new");
    assert_eq!(w.proven(b"00", second.covered(b"proof")), Ok(true));
    assert!(w.believes(first.covered(b"late")) && w.believes(second.covered(b"new")));
    w.now += LIMITS.answer_timeout;
    assert!(!w.believes(first.covered(b"late")), "nothing can be under way any more");
}
