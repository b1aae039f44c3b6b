//! Sign-on, and the authentication of messages afterwards: frame by frame, without a socket.

use super::*;
use crate::acquirer::AcquirerConfig;
use crate::keys::MasterKeys;
use bytes::BytesMut;
use kazasu_schemas::ids::Stan;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::mac::kdf::MasterKey;
use kazasu_schemas::mac::{MacAlgorithm, MacKey, encode_frame};
use kazasu_schemas::secret::Key;
use kazasu_schemas::wire::SessionKeys;
use std::collections::BTreeSet;

/// The first two use plain ports, the third the certificates [1; 32] and [2; 32].
const IDS: [&str; 3] = ["270001", "270002", "270003"];

fn master(of: usize) -> Key {
    Key::new(vec![u8::try_from(of).unwrap() + 1; 32]).unwrap()
}

fn algorithm(of: usize) -> MacAlgorithm {
    if of == 1 { MacAlgorithm::AesCmac } else { MacAlgorithm::HmacSha256 }
}

fn acquirers() -> Arc<Acquirers> {
    let config = |at: usize| AcquirerConfig {
        id: IDS[at].parse().unwrap(),
        name: "an acquirer".into(),
        mac: algorithm(at),
        ppid_in: PpidPlace::De102,
        masters: Arc::new(MasterKeys::new(vec![(1, MasterKey::new(algorithm(at), &master(at)))])),
        certificates: if at == 2 { vec![[1; 32], [2; 32]] } else { Vec::new() },
        cutover: false,
        max_connections: 4,
    };
    Arc::new(Acquirers::new((0..IDS.len()).map(config).collect()))
}

fn dialect() -> Arc<Dialect> {
    Arc::new(Dialect::shipped("iso87-ascii").unwrap())
}

/// A connection to the switch, and what the acquirer at its other end knows.
struct Peer {
    reader: Reader,
    of: usize,
    sent: Vec<Vec<u8>>,
}

#[derive(Clone)]
struct Pair {
    to_switch: MacKey,
    from_switch: MacKey,
}

/// The result of a frame: the answer's code, whether it gets a MAC, and the reason of a refusal.
#[derive(PartialEq, Debug)]
struct Came(&'static str, Authenticity, Option<Reason>);

const OK: Came = Came("00", Authenticity::Proven, None);
const NONCE: Came = Came("00", Authenticity::Unproven, None);

fn refused(reason: Reason) -> Came {
    Came("63", Authenticity::Unproven, Some(reason))
}

fn pair(of: usize, nonces: &Nonces) -> Pair {
    let keys = SessionKeys::derive(&MasterKey::new(algorithm(of), &master(of)), IDS[of].parse().unwrap(), nonces);
    let ready = |key| MacKey::new(algorithm(of), key).unwrap();
    Pair { to_switch: ready(&keys.to_switch), from_switch: ready(&keys.from_switch) }
}

fn code(wire: &[u8]) -> &'static str {
    ["00", "12", "30", "63"].into_iter().find(|code| code.as_bytes() == wire).expect("one of these")
}

impl Peer {
    fn new(acquirers: &Arc<Acquirers>, of: usize, certificate: Option<[u8; 32]>) -> Peer {
        Peer { reader: Reader::new(dialect(), acquirers.clone(), certificate), of, sent: Vec::new() }
    }

    fn network(&self, purpose: NetworkCode) -> Network {
        let now = Millis(1_795_402_800_000).transmission();
        Network::request(purpose, IDS[self.of].parse().unwrap(), Stan::wrapping(1), now)
    }

    fn frame(message: &mut Message, key: Option<&MacKey>) -> Vec<u8> {
        let mut out = BytesMut::new();
        encode_frame(&dialect(), message, key, &mut out).unwrap();
        out[2..].to_vec()
    }

    fn take(&mut self, frame: &[u8]) -> (Came, Option<Network>, Option<Arc<SignedOn>>) {
        self.sent.push(frame.to_vec());
        let whole = Frame { tpdu: None, message: BytesMut::from(frame), wrong_trailer: None };
        match self.reader.take(&whole) {
            Verdict::Network { message, authenticity, begins } => {
                let came = Came(code(message.code.unwrap().wire()), authenticity, None);
                (came, Some(message), begins)
            }
            Verdict::Refused { answer, reason, authenticity } => {
                (Came(code(answer.get(39).unwrap()), authenticity, Some(reason)), None, None)
            }
            Verdict::Core(_) => (OK, None, None),
            Verdict::Told(..) => panic!("nothing was told"),
            Verdict::Ignored(reason) => (Came("", Authenticity::Unproven, Some(reason)), None, None),
        }
    }

    fn ask(&mut self, network: &Network, key: Option<&MacKey>) -> (Came, Option<Network>, Option<Arc<SignedOn>>) {
        let mut message = Message::default();
        network.to_message(&mut message);
        self.take(&Peer::frame(&mut message, key))
    }

    /// The first half; gives the keys that follow.
    fn nonce(&mut self, ours: u8) -> Pair {
        let ours = Nonce::new([ours; 16]);
        let (came, answer, begins) = self.ask(&self.network(NetworkCode::SignOn).with(ours.question()), None);
        assert_eq!(came, NONCE, "{}", self.reader.problem);
        assert!(begins.is_none());
        let nonces = Nonces::from_answer(&answer.unwrap().private.unwrap()).unwrap();
        assert_eq!(nonces.acquirer, ours);
        pair(self.of, &nonces)
    }

    fn prove(&mut self, key: &MacKey) -> Came {
        self.ask(&self.network(NetworkCode::KeyChange), Some(key)).0
    }

    fn echo(&mut self, key: &MacKey) -> Came {
        self.ask(&self.network(NetworkCode::Echo), Some(key)).0
    }

    fn sign_on(&mut self, ours: u8) -> Pair {
        let keys = self.nonce(ours);
        assert_eq!(self.prove(&keys.to_switch), OK, "{}", self.reader.problem);
        keys
    }
}

#[test]
fn a_sign_on_proves_both_sides_and_its_keys_are_the_connections_own() {
    let all = acquirers();
    let mut peer = Peer::new(&all, 0, None);
    let keys = peer.nonce(1);
    // The nonce alone is no sign-on.
    assert_eq!(peer.reader.signed_on(), None);
    assert_eq!(peer.echo(&keys.to_switch), refused(Reason::NotSignedOn));
    let (came, _, begins) = peer.ask(&peer.network(NetworkCode::KeyChange), Some(&keys.to_switch));
    assert_eq!(came, OK);
    // The answer goes out under the session's other key.
    let begins = begins.expect("a session");
    assert_eq!(begins.key.tag(b"x"), keys.from_switch.tag(b"x"));
    assert_eq!(peer.echo(&keys.to_switch), OK);
    assert_eq!(all.get(&IDS[0].parse().unwrap()).unwrap().connections(), 1);
    // Another connection of the same acquirer has other keys, and changes nothing here.
    let mut other = Peer::new(&all, 0, None);
    let others = other.sign_on(1);
    assert_eq!(other.echo(&keys.to_switch), refused(Reason::WrongMac));
    assert_eq!(peer.echo(&others.to_switch), refused(Reason::WrongMac));
    assert_eq!((peer.echo(&keys.to_switch), other.echo(&others.to_switch)), (OK, OK));
    drop(other);
    assert_eq!(all.get(&IDS[0].parse().unwrap()).unwrap().connections(), 1);
    assert_eq!(peer.ask(&peer.network(NetworkCode::SignOff), Some(&keys.to_switch)).0, OK);
    assert_eq!(peer.echo(&keys.to_switch), refused(Reason::NotSignedOn));
    assert_eq!(all.get(&IDS[0].parse().unwrap()).unwrap().connections(), 0);
}

#[test]
fn what_was_recorded_is_worth_nothing_on_another_connection() {
    let all = acquirers();
    let mut peer = Peer::new(&all, 0, None);
    let keys = peer.sign_on(1);
    assert_eq!(peer.echo(&keys.to_switch), OK);
    let again = peer.sign_on(2);
    assert_eq!(peer.echo(&again.to_switch), OK);
    let mut replayer = Peer::new(&all, 0, None);
    let came: Vec<Came> = peer.sent.iter().map(|frame| replayer.take(frame).0).collect();
    assert_eq!(
        came,
        [
            NONCE,
            refused(Reason::WrongProof),
            refused(Reason::NotSignedOn),
            NONCE,
            refused(Reason::WrongProof),
            refused(Reason::NotSignedOn)
        ]
    );
    assert_eq!(peer.echo(&again.to_switch), OK);
    // On its own connection a replayed change of keys changes nothing either.
    let recorded = peer.sent.clone();
    for frame in &recorded[..2] {
        peer.take(frame);
    }
    assert_eq!(peer.echo(&again.to_switch), OK);
}

#[test]
fn a_nonce_is_good_for_one_proof_of_its_acquirer_on_its_connection() {
    let all = acquirers();
    let mut peer = Peer::new(&all, 0, None);
    let stranger = MacKey::new(MacAlgorithm::HmacSha256, &Key::new(vec![9; 32]).unwrap()).unwrap();
    assert_eq!(peer.prove(&stranger), refused(Reason::NoChallenge));
    let keys = peer.nonce(1);
    assert_eq!(peer.prove(&stranger), refused(Reason::WrongProof));
    assert_eq!(peer.prove(&keys.to_switch), refused(Reason::NoChallenge), "after a wrong attempt");
    let keys = peer.nonce(1);
    assert_eq!(peer.ask(&peer.network(NetworkCode::KeyChange), None).0, refused(Reason::NoMac));
    assert_eq!(peer.prove(&keys.to_switch), refused(Reason::NoChallenge));
    // The switch's own key, as a reflected answer would have it.
    let keys = peer.nonce(1);
    assert_eq!(peer.prove(&keys.from_switch), refused(Reason::WrongProof));
    // Of two nonces only the last is open.
    let (first, last) = (peer.nonce(1), peer.nonce(1));
    assert_eq!(peer.prove(&first.to_switch), refused(Reason::WrongProof));
    let mut second = Peer::new(&all, 0, None);
    let seconds = second.nonce(1);
    assert_eq!(second.prove(&last.to_switch), refused(Reason::WrongProof), "another connection's");
    assert_eq!(second.prove(&seconds.to_switch), refused(Reason::NoChallenge));
    peer.sign_on(3);
}

#[test]
fn no_acquirer_signs_on_as_another() {
    let all = acquirers();
    // A nonce that was asked for in another's name, and proven with one's own key.
    let mut peer = Peer::new(&all, 0, None);
    let (_, answer, _) = peer.ask(&peer.network(NetworkCode::SignOn).with(Nonce::new([1; 16]).question()), None);
    let nonces = Nonces::from_answer(&answer.unwrap().private.unwrap()).unwrap();
    assert_eq!(peer.prove(&pair(1, &nonces).to_switch), refused(Reason::WrongProof));
    // A relay that changes DE32 of the proof.
    peer.nonce(1);
    peer.of = 1;
    assert_eq!(peer.prove(&pair(1, &nonces).to_switch), refused(Reason::OtherAcquirer));
    // A connection that has been one acquirer's is no other's, not even after a sign-off.
    peer.of = 0;
    let keys = peer.sign_on(1);
    let as_other = |peer: &mut Peer| {
        peer.of = 1;
        let came = peer.ask(&peer.network(NetworkCode::SignOn).with(Nonce::new([1; 16]).question()), None).0;
        peer.of = 0;
        came
    };
    assert_eq!(as_other(&mut peer), refused(Reason::OtherAcquirer));
    assert_eq!(peer.echo(&keys.to_switch), OK);
    assert_eq!(peer.ask(&peer.network(NetworkCode::SignOff), Some(&keys.to_switch)).0, OK);
    assert_eq!(as_other(&mut peer), refused(Reason::OtherAcquirer));
    // Nor is a message under its keys another's.
    let keys = peer.sign_on(1);
    peer.of = 1;
    assert_eq!(peer.echo(&keys.to_switch), Came("63", Authenticity::Proven, Some(Reason::OtherAcquirer)));
}

#[test]
fn a_sign_on_needs_a_nonce_a_known_acquirer_and_its_own_certificate() {
    let all = acquirers();
    let mut peer = Peer::new(&all, 0, None);
    assert_eq!(peer.ask(&peer.network(NetworkCode::SignOn), None).0, refused(Reason::NoNonce));
    let old = MacKey::new(MacAlgorithm::HmacSha256, &master(0)).unwrap();
    assert_eq!(peer.ask(&peer.network(NetworkCode::SignOn), Some(&old)).0, refused(Reason::NoNonce));
    let short = peer.network(NetworkCode::SignOn).with(b"NA016A0A1A2A3A4A5A6A7".to_vec());
    assert_eq!(peer.ask(&short, None).0, Came("30", Authenticity::Unproven, Some(Reason::Format)));
    let mut unknown = peer.network(NetworkCode::SignOn).with(Nonce::new([1; 16]).question());
    unknown.institution = "99999999".parse().unwrap();
    assert_eq!(peer.ask(&unknown, None).0, refused(Reason::UnknownAcquirer));
    for (of, certificate, admitted, said) in [
        (0, None, true, ""),
        (0, Some([1; 32]), false, "none is configured for the acquirer"),
        (2, Some([1; 32]), true, ""),
        (2, Some([2; 32]), true, ""),
        (2, Some([3; 32]), false, "none of those that are configured"),
        (2, None, false, "this connection has no TLS"),
    ] {
        let mut peer = Peer::new(&all, of, certificate);
        if admitted {
            peer.sign_on(1);
            continue;
        }
        let came = peer.ask(&peer.network(NetworkCode::SignOn).with(Nonce::new([1; 16]).question()), None).0;
        assert_eq!(came, refused(Reason::Certificate), "{of} {certificate:?}");
        assert!(peer.reader.problem.contains(said), "{}", peer.reader.problem);
        assert_eq!(
            peer.prove(&pair(of, &Nonces { acquirer: Nonce::new([1; 16]), switch: Nonce::new([0; 16]) }).to_switch),
            refused(Reason::NoChallenge)
        );
    }
}

/// A message that lacks nearly everything: refused as a format error once it is authenticated.
fn bare(mti: u16) -> Message {
    let mut message = Message::new(Mti(mti));
    message.set(3, b"000000").set(11, b"000001").set(102, b"X");
    message
}

#[test]
fn only_what_is_authenticated_is_answered_with_a_mac() {
    let all = acquirers();
    let mut peer = Peer::new(&all, 0, None);
    let stranger = MacKey::new(MacAlgorithm::HmacSha256, &Key::new(vec![9; 32]).unwrap()).unwrap();
    let send = |peer: &mut Peer, mti: u16, key: Option<&MacKey>| peer.take(&Peer::frame(&mut bare(mti), key)).0;
    for mti in [200, 500, 300, 600] {
        assert_eq!(send(&mut peer, mti, Some(&stranger)), refused(Reason::NotSignedOn), "{mti}");
    }
    let keys = peer.sign_on(1);
    for mti in [200, 500, 300, 600] {
        assert_eq!(send(&mut peer, mti, Some(&stranger)), refused(Reason::WrongMac), "{mti}");
        assert_eq!(send(&mut peer, mti, Some(&keys.from_switch)), refused(Reason::WrongMac), "{mti}");
        assert_eq!(send(&mut peer, mti, None), refused(Reason::NoMac), "{mti}");
    }
    let proven = |code, reason| Came(code, Authenticity::Proven, Some(reason));
    assert_eq!(send(&mut peer, 200, Some(&keys.to_switch)), proven("30", Reason::Format));
    assert_eq!(send(&mut peer, 600, Some(&keys.to_switch)), proven("12", Reason::UnsupportedType));
    // A letter where the dialect has digits: nothing of the message can be trusted unless its MAC is right over all bytes.
    let mut frame = Peer::frame(&mut bare(200), Some(&keys.to_switch));
    frame[40] = b'x';
    assert_eq!(peer.take(&frame).0, Came("30", Authenticity::Unproven, Some(Reason::Format)));
    let at = frame.len() - 16;
    let tag = hex::encode_upper(keys.to_switch.tag(&frame[..at]));
    frame[at..].copy_from_slice(tag.as_bytes());
    assert_eq!(peer.take(&frame).0, proven("30", Reason::Format));
}

#[test]
fn after_a_change_of_keys_what_was_under_way_is_still_taken() {
    let all = acquirers();
    let mut peer = Peer::new(&all, 1, None);
    let old = peer.sign_on(1);
    let new = peer.nonce(2);
    assert_eq!(peer.echo(&old.to_switch), OK, "until the proof the keys are as they were");
    assert_eq!(peer.prove(&new.to_switch), OK);
    assert_eq!((peer.echo(&new.to_switch), peer.echo(&old.to_switch)), (OK, OK));
    let newest = peer.sign_on(3);
    assert_eq!(peer.echo(&old.to_switch), refused(Reason::WrongMac));
    assert_eq!((peer.echo(&newest.to_switch), peer.echo(&new.to_switch)), (OK, OK));
    assert_eq!(all.get(&IDS[1].parse().unwrap()).unwrap().connections(), 1);
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = REASONS.iter().copied().collect();
    assert_eq!(names.len(), Reason::ALL.len() + 1);
    assert!(Reason::ALL.iter().all(|reason| names.contains(reason.name())));
    assert!(names.contains("transmission_time"));
}
