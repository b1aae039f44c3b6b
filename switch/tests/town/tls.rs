//! TLS on every connection: who is let in and believed, what a listener on the way sees and can change, and certificates and lists that
//! are replaced while the switch runs.

use crate::bad_input::{code, frame, purchase};
use crate::codes::APPROVED;
use crate::harness::{Served, Town, free_port, kazasu, request, wait_for};
use crate::runs_on::{metric, taps};
use bytes::BytesMut;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::{Town as Sample, Transport};
use kazasu_schemas::ids::Stan;
use kazasu_schemas::iso8583::{Dialect, Message};
use kazasu_schemas::mac::encode_frame;
use kazasu_schemas::wire::{Network, NetworkCode, Nonce};
use kazasu_tls::Shown;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, ExtendedKeyUsagePurpose,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

impl Identity {
    pub(crate) fn write(&self, town: &Town, name: &str) {
        self.write_into(&town.path(""), name);
    }

    pub(crate) fn write_into(&self, folder: &Path, name: &str) {
        std::fs::write(folder.join(format!("{name}.pem")), &self.pem).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), self.key.serialize_pem()).unwrap();
    }
}

pub(crate) fn identity(authority: &Authority, name: &str, purpose: ExtendedKeyUsagePurpose, serial: u64) -> Identity {
    identity_until(authority, name, (purpose, serial), date_time_ymd(2040, 1, 1))
}

/// The same with another last day.
pub(crate) fn identity_until(
    authority: &Authority,
    name: &str,
    (purpose, serial): (ExtendedKeyUsagePurpose, u64),
    until: time::OffsetDateTime,
) -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages = vec![purpose];
    params.serial_number = Some(SerialNumber::from(serial));
    params.not_after = until;
    let signed = params.signed_by(&key, authority).unwrap();
    Identity { certificate: signed.der().clone(), pem: signed.pem(), key }
}

pub(crate) fn revocations(authority: &Authority, serials: &[u64]) -> String {
    let revoked = |serial: &u64| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: date_time_ymd(2026, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        next_update: date_time_ymd(2040, 1, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: serials.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(authority).unwrap().pem().unwrap()
}

pub(crate) fn client(root: &Authority, identity: Option<&Identity>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    Arc::new(match identity {
        None => builder.with_no_client_auth(),
        Some(i) => {
            let key = PrivateKeyDer::Pkcs8(i.key.serialize_der().into());
            builder.with_client_auth_cert(vec![i.certificate.clone()], key).unwrap()
        }
    })
}

/// A connection of an acquirer, below the messages.
struct Line {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Line {
    fn open(addr: &str, config: Arc<ClientConfig>) -> Result<Line, String> {
        let tcp = TcpStream::connect(addr).map_err(|e| e.to_string())?;
        tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let name = ServerName::try_from("switch.example").unwrap();
        Ok(Line { stream: StreamOwned::new(ClientConnection::new(config, name).map_err(|e| e.to_string())?, tcp) })
    }

    /// Sends the first half of a sign-on; DE39 of the answer, or why there is none.
    fn asks(&mut self, acquirer: &AcquirerConfig, purpose: NetworkCode) -> Result<String, String> {
        let mut message = Message::default();
        let now = kazasu_engine::clock::now().transmission();
        let question = Network::request(purpose, acquirer.id, Stan::wrapping(1), now);
        question.with(Nonce::new([7; 16]).question()).to_message(&mut message);
        let mut out = BytesMut::new();
        encode_frame(&acquirer.dialect, &mut message, None, &mut out).unwrap();
        self.stream.write_all(&out).map_err(|e| e.to_string())?;
        let mut header = [0; 2];
        self.stream.read_exact(&mut header).map_err(|e| e.to_string())?;
        let mut body = vec![0; usize::from(u16::from_be_bytes(header))];
        self.stream.read_exact(&mut body).map_err(|e| e.to_string())?;
        acquirer.dialect.decode(&body, &mut message).map_err(|e| e.to_string())?;
        Ok(String::from_utf8_lossy(message.get(39).unwrap()).into_owned())
    }

    fn certificate(&self) -> CertificateDer<'static> {
        self.stream.conn.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

/// The first acquirer has these certificates.
fn pin(town: &Town, identities: &[&Identity]) {
    let all: Vec<String> =
        identities.iter().map(|i| format!("\"{}\"", hex::encode(Sha256::digest(&i.certificate)))).collect();
    let line = format!("id = \"27000001\"\ncertificates = [{}]\n", all.join(", "));
    town.replace_in_config("id = \"27000001\"\n", &line);
}

/// Begins to sign on over TLS and gives DE39 of the answer, or why there is none.
fn sign_on(acquirer: &AcquirerConfig, config: Arc<ClientConfig>) -> Result<String, String> {
    Line::open(&acquirer.addr, config)?.asks(acquirer, NetworkCode::SignOn)
}

/// A town whose first listener has TLS by this authority's certificates, `tls` being the table's other keys.
fn town_by(authority: &Authority, server: &Identity, tls: &str) -> Town {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    server.write(&town, "server");
    std::fs::write(town.path("ca.pem"), authority.pem()).unwrap();
    town.replace_in_config(
        "dialect = \"iso87-ascii\"\n\n[[listener]]",
        &format!(
            "dialect = \"iso87-ascii\"\ntls = {{ certificates = \"server.pem\", key = \"server.key\", client_ca = \"ca.pem\"{tls} }}\n\n\
             [[listener]]"
        ),
    );
    town
}

#[test]
fn only_the_acquirers_own_certificate_signs_on() {
    let ours = authority();
    let server = identity(&ours, "switch.example", ExtendedKeyUsagePurpose::ServerAuth, 1);
    let pinned = identity(&ours, "acquirer.example", ExtendedKeyUsagePurpose::ClientAuth, 2);
    let sibling = identity(&ours, "other.example", ExtendedKeyUsagePurpose::ClientAuth, 3);
    let strangers = authority();
    let stranger = identity(&strangers, "acquirer.example", ExtendedKeyUsagePurpose::ClientAuth, 2);
    let town = town_by(&ours, &server, "");
    let fingerprint = hex::encode(Sha256::digest(&pinned.certificate));
    town.replace_in_config("id = \"27000001\"\n", &format!("id = \"27000001\"\ncertificates = [\"{fingerprint}\"]\n"));
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    assert_eq!(sign_on(&acquirer, client(&ours, Some(&pinned))), Ok("00".into()));
    // A certificate of the right authority that belongs to somebody else.
    assert_eq!(sign_on(&acquirer, client(&ours, Some(&sibling))), Ok("63".into()));
    assert!(sign_on(&acquirer, client(&ours, None)).is_err());
    assert!(sign_on(&acquirer, client(&ours, Some(&stranger))).is_err());
    // Plain text on a TLS port gets no answer.
    let mut plain = TcpStream::connect(&acquirer.addr).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    plain.write_all(b"\x00\x0a0800000000").unwrap();
    let mut rest = Vec::new();
    let _ = plain.read_to_end(&mut rest);
    assert!(!rest.windows(4).any(|w| w == b"0810"));
    // An acquirer without certificates of its own: a trusted one does not say that it is this acquirer's.
    let unpinned =
        AcquirerConfig { addr: acquirer.addr.clone(), dialect: acquirer.dialect.clone(), ..town.acquirer(2, &served) };
    for any in [&pinned, &sibling] {
        assert_eq!(sign_on(&unpinned, client(&ours, Some(any))), Ok("63".into()));
    }
    // The plain ports go on for those, and not for the acquirer that has certificates.
    assert!(Session::open(&town.acquirer(2, &served)).is_ok());
    let plain = AcquirerConfig {
        addr: served.listening[1].to_string(),
        dialect: town.acquirer(2, &served).dialect,
        ..acquirer
    };
    assert!(Session::open(&plain).err().unwrap().to_string().contains("sign-on refused"));
    served.stop();
    // The public key's fingerprint binds as well, and outlives the certificate.
    let key = Shown::of(&pinned.certificate).key.unwrap().to_string();
    town.replace_in_config(&fingerprint, &key);
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    assert_eq!(sign_on(&acquirer, client(&ours, Some(&pinned))), Ok("00".into()));
    assert_eq!(sign_on(&acquirer, client(&ours, Some(&sibling))), Ok("63".into()));
    served.stop();
}

#[test]
fn a_certificate_that_is_revoked_while_the_switch_runs_is_let_in_no_more() {
    let ours = authority();
    let server = identity(&ours, "switch.example", ExtendedKeyUsagePurpose::ServerAuth, 1);
    let stolen = identity(&ours, "acquirer.example", ExtendedKeyUsagePurpose::ClientAuth, 2);
    let new = identity(&ours, "acquirer.example", ExtendedKeyUsagePurpose::ClientAuth, 3);
    let town = town_by(&ours, &server, ", crls = [\"revoked.pem\"]");
    std::fs::write(town.path("revoked.pem"), revocations(&ours, &[])).unwrap();
    pin(&town, &[&stolen, &new]);
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let connect = |identity: &Identity| Line::open(&acquirer.addr, client(&ours, Some(identity))).unwrap();
    let (mut of_stolen, mut of_new) = (connect(&stolen), connect(&new));
    assert_eq!(of_stolen.asks(&acquirer, NetworkCode::SignOn), Ok("00".into()));
    assert_eq!(of_new.asks(&acquirer, NetworkCode::SignOn), Ok("00".into()));
    std::fs::write(town.path("revoked.pem"), revocations(&ours, &[2])).unwrap();
    // The switch is not told.
    wait_for("the list to come into force", Duration::from_secs(15), || {
        sign_on(&acquirer, client(&ours, Some(&stolen))).err()
    });
    // Its open connection has ended, the other one goes on.
    wait_for("the open connection's end", Duration::from_secs(5), || {
        of_stolen.asks(&acquirer, NetworkCode::SignOn).err()
    });
    assert_eq!(of_new.asks(&acquirer, NetworkCode::SignOn), Ok("00".into()));
    assert_eq!(sign_on(&acquirer, client(&ours, Some(&new))), Ok("00".into()));
    // Perhaps also one that was just being tried.
    assert!(metric(&served, "kazasu_connections_closed_total", "revoked") >= 1.0);
    served.stop();
}

fn hang_up(served: &Served) {
    assert!(Command::new("kill").args(["-HUP", &served.pid().to_string()]).status().unwrap().success());
}

#[test]
fn a_certificate_that_is_replaced_serves_new_connections_and_old_ones_go_on() {
    let ours = authority();
    let server = identity(&ours, "switch.example", ExtendedKeyUsagePurpose::ServerAuth, 1);
    let peer = identity(&ours, "acquirer.example", ExtendedKeyUsagePurpose::ClientAuth, 2);
    let town = town_by(&ours, &server, "");
    pin(&town, &[&peer]);
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let connect = || {
        let mut line = Line::open(&acquirer.addr, client(&ours, Some(&peer))).unwrap();
        assert_eq!(line.asks(&acquirer, NetworkCode::SignOn), Ok("00".into()));
        line
    };
    let mut old = connect();
    assert_eq!(old.certificate(), server.certificate);
    let renewed = identity(&ours, "switch.example", ExtendedKeyUsagePurpose::ServerAuth, 7);
    renewed.write(&town, "server");
    hang_up(&served);
    wait_for("the new certificate", Duration::from_secs(4), || {
        (connect().certificate() == renewed.certificate).then_some(())
    });
    assert_eq!(old.asks(&acquirer, NetworkCode::SignOn), Ok("00".into()));
    assert_eq!(metric(&served, "kazasu_certificate_problem", "listener"), 0.0);
    // A file that is no key changes nothing but the log and the metrics.
    std::fs::write(town.path("server.key"), "no key").unwrap();
    hang_up(&served);
    wait_for("the bad key to be seen", Duration::from_secs(10), || {
        (metric(&served, "kazasu_certificate_problem", "listener") == 1.0).then_some(())
    });
    assert_eq!(connect().certificate(), renewed.certificate);
    assert!(metric(&served, "kazasu_certificate_reloads_total", "failed") >= 1.0);
    let shown = served.status()["certificates"].clone();
    assert!(shown[0]["problem"].as_str().unwrap().contains("server.key"), "{shown}");
    assert!(served.get("/status").1.contains("新しいファイルを使用できません"));
    let log = std::fs::read_to_string(town.path("serve.log")).unwrap();
    assert!(log.contains("changed certificates cannot be used") && log.contains("server.key"), "{log}");
    // Until when everything is good is known.
    let left = metric(&served, "kazasu_certificate_left_seconds", "part=\"certificate\"");
    let until = date_time_ymd(2040, 1, 1).unix_timestamp();
    let expected = until - kazasu_engine::clock::now().0 / 1_000;
    assert!((left - f64::from(i32::try_from(expected).unwrap())).abs() < 600.0, "{left} {expected}");
    served.stop();
}

/// On the way between the switch and an issuer: hears everything, and changes what the issuer says while it is told to.
struct OnTheWay {
    port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
    changes: Arc<AtomicBool>,
}

impl OnTheWay {
    fn to(target: u16, change: fn(&mut [u8])) -> OnTheWay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way =
            OnTheWay { port: listener.local_addr().unwrap().port(), heard: Arc::default(), changes: Arc::default() };
        let (heard, changes) = (way.heard.clone(), way.changes.clone());
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(("127.0.0.1", target))) else { continue };
                for answers in [false, true] {
                    let (from, to) = if answers { (&far, &near) } else { (&near, &far) };
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let (heard, changes) = (heard.clone(), changes.clone());
                    std::thread::spawn(move || {
                        let mut chunk = [0; 64 * 1024];
                        while let Ok(n @ 1..) = from.read(&mut chunk) {
                            heard.lock().unwrap().extend_from_slice(&chunk[..n]);
                            if answers && changes.load(Ordering::Acquire) {
                                change(&mut chunk[..n]);
                            }
                            if to.write_all(&chunk[..n]).is_err() {
                                break;
                            }
                        }
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
            }
        });
        way
    }

    /// Before the first issuer of a town.
    fn before_issuer_one(town: &Town, change: fn(&mut [u8])) -> OnTheWay {
        let text = std::fs::read_to_string(town.config()).unwrap();
        let issuer = text.split("[[issuer]]").nth(1).unwrap();
        let addr = issuer.lines().find_map(|line| line.strip_prefix("addr = ")).unwrap().trim_matches('"').to_owned();
        let way = OnTheWay::to(addr.rsplit_once(':').unwrap().1.parse().unwrap(), change);
        town.replace_in_config(&addr, &format!("127.0.0.1:{}", way.port));
        way
    }

    /// A card number of the first issuer was heard.
    fn heard_a_card(&self) -> bool {
        let heard = self.heard.lock().unwrap();
        assert!(heard.len() > 500, "{}", heard.len());
        heard.windows(6).any(|six| six == b"490000")
    }
}

/// DE39 of an answer from 51 to 00, as a thief would. Nothing else changes, and not the MAC.
fn approve(chunk: &mut [u8]) {
    let dialect = Dialect::shipped("iso87-ascii").unwrap();
    let mut message = Message::default();
    let whole = chunk.len() > 2 && usize::from(u16::from_be_bytes([chunk[0], chunk[1]])) == chunk.len() - 2;
    if !whole || dialect.decode(&chunk[2..], &mut message).is_err() || message.get(39) != Some(b"51") {
        return;
    }
    // Without DE38, DE39 follows DE37.
    let rrn = message.get(37).unwrap().to_vec();
    let at = chunk.windows(rrn.len()).position(|w| w == rrn).unwrap() + rrn.len();
    assert_eq!(&chunk[at..at + 2], b"51");
    chunk[at..at + 2].copy_from_slice(b"00");
}

/// One bit of what was sealed.
fn flip(chunk: &mut [u8]) {
    if let Some(last) = chunk.last_mut() {
        *last ^= 1;
    }
}

#[test]
fn an_answer_that_is_changed_on_the_way_is_not_believed() {
    let town = Town::new(Sample { residents: 0, issuer_timeout_ms: 700, ..Sample::default() });
    let way = OnTheWay::before_issuer_one(&town, approve);
    let served = town.serve();
    served.issuers_up(3);
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    assert_eq!(taps(&mut session, 1, "credit-declined"), "51");
    way.changes.store(true, Ordering::Release);
    let told = taps(&mut session, 2, "credit-declined");
    assert!(told != APPROVED && told != "51", "{told}");
    assert_eq!(metric(&served, "kazasu_issuer_messages_total", "bad_mac"), 1.0);
    way.changes.store(false, Ordering::Release);
    assert_eq!(taps(&mut session, 3, "credit-ok"), APPROVED);
    served.drained();
    served.stop();
    let (state, disagreements) = town.fold();
    assert_eq!(disagreements, []);
    assert_eq!(state.sizes().pending, 0);
    // Messages with a MAC alone can be read.
    assert!(way.heard_a_card());
}

#[test]
fn a_listener_on_the_way_to_an_issuer_reads_no_card_number_and_changes_no_answer() {
    let sample = Sample { residents: 0, issuer_timeout_ms: 700, transport: Transport::Tls, ..Sample::default() };
    let town = Town::new(sample);
    let way = OnTheWay::before_issuer_one(&town, flip);
    let served = town.serve();
    served.issuers_up(3);
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    assert_eq!(taps(&mut session, 1, "credit-ok"), APPROVED);
    assert_eq!(taps(&mut session, 2, "credit-declined"), "51");
    way.changes.store(true, Ordering::Release);
    assert_ne!(taps(&mut session, 3, "credit-declined"), APPROVED);
    way.changes.store(false, Ordering::Release);
    served.issuers_up(3);
    assert_eq!(taps(&mut session, 4, "credit-ok"), APPROVED);
    served.drained();
    served.stop();
    assert_eq!(town.fold().1, []);
    assert!(!way.heard_a_card());
}

/// The part of the configuration that is the issuer's with this number, changed.
pub(crate) fn change_issuer(town: &Town, number: usize, from: &str, to: &str) {
    let text = std::fs::read_to_string(town.config()).unwrap();
    let mut parts: Vec<String> = text.split("[[issuer]]").map(str::to_owned).collect();
    assert!(parts[number].contains(from), "{from}: {}", parts[number]);
    parts[number] = parts[number].replace(from, to);
    std::fs::write(town.config(), parts.join("[[issuer]]")).unwrap();
}

#[test]
fn an_issuer_and_the_switch_believe_each_other_and_no_other_party_of_their_authority() {
    let town = Town::new(Sample { residents: 0, transport: Transport::Tls, ..Sample::default() });
    let text = std::fs::read_to_string(town.config()).unwrap();
    let pins: Vec<&str> = text.split("pins = [\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    // The first issuer's place is to be taken by one with the certificate of the second; the second sees another party than the switch.
    change_issuer(&town, 1, pins[0], pins[1]);
    change_issuer(&town, 2, "tls/switch.", "tls/acquirer-27000001.");
    change_issuer(&town, 3, "issuer-3.kazasu.example", "issuer-2.kazasu.example");
    let served = town.serve();
    let said = |what: &str| {
        wait_for(what, Duration::from_secs(10), || {
            let log = std::fs::read_to_string(town.path("serve.log")).unwrap();
            log.contains(what).then_some(())
        });
    };
    said("belongs to another party than this connection is configured for");
    said("not valid for name \"issuer-2.kazasu.example\"");
    std::thread::sleep(Duration::from_secs(1));
    let status = served.status();
    assert!(status["issuers"].as_array().unwrap().iter().all(|issuer| issuer["up"] == false), "{status}");
    served.stop();
    change_issuer(&town, 1, pins[1], pins[0]);
    change_issuer(&town, 2, "tls/acquirer-27000001.", "tls/switch.");
    change_issuer(&town, 3, "issuer-2.kazasu.example", "issuer-3.kazasu.example");
    let served = town.serve();
    served.issuers_up(3);
    // Acquirers' simulators read their side of it from their files.
    for acquirer in 1..=3 {
        let mut session = Session::open(&town.acquirer(acquirer, &served)).unwrap();
        let request = purchase(&session.config, 90);
        let bytes = frame(&session, &request);
        session.raw(&bytes).unwrap();
        assert_eq!(code(&mut session), APPROVED);
    }
    // One acquirer's certificate does not sign another one on.
    let mut other = town.acquirer(2, &served);
    other.tls = town.acquirer(1, &served).tls;
    let refused = Session::open(&other).err().unwrap().to_string();
    assert!(refused.contains("63") || refused.contains("refused"), "{refused}");
    served.stop();
}

#[test]
fn what_is_unprotected_and_leads_to_another_machine_is_refused_with_its_field() {
    let town = Town::empty(Sample { residents: 0, ..Sample::default() });
    let whole = std::fs::read_to_string(town.config()).unwrap();
    let check = || {
        let out = kazasu(&["config", "check", "--config", &town.config()]);
        let text = if out.status.success() { out.stdout } else { out.stderr };
        (out.status.code(), String::from_utf8(text).unwrap())
    };
    assert_eq!(check().0, Some(0));
    let issuer = whole.split("[[issuer]]").nth(4).unwrap();
    let addr = issuer.lines().find_map(|line| line.strip_prefix("addr = ")).unwrap();
    change_issuer(&town, 4, addr, "\"issuer.example:9001\"");
    let (code, said) = check();
    assert!(code == Some(0) && said.contains("[[issuer]] 4 ") && said.contains("can be read on the way"), "{said}");
    change_issuer(&town, 4, "mac = \"aes-cmac\"\n", "");
    let (code, said) = check();
    assert!(code == Some(2) && said.contains("[[issuer]] 4 "), "{said}");
    assert!(said.contains("\"issuer.example:9001\"") && said.contains("neither `tls` nor `mac`"), "{said}");
    // `serve` says the same.
    let out = kazasu(&["serve", "--config", &town.config()]);
    assert!(!out.status.success() && String::from_utf8_lossy(&out.stderr).contains("neither `tls` nor `mac`"));
    let http = whole.lines().find(|line| line.starts_with("http = ")).unwrap();
    for (line, ok) in [("http = \"0.0.0.0:8080\"", false), ("http = \"0.0.0.0:8080\"\nhttp_behind_proxy = true", true)]
    {
        std::fs::write(town.config(), whole.replace(http, line)).unwrap();
        let (code, said) = check();
        assert_eq!(code == Some(0), ok, "{said}");
        assert!(ok || said.contains("http_behind_proxy") && said.contains("[http_tls]"), "{said}");
    }
    // A file that is not there is told by its table.
    let tls = "\n[http_tls]\ncertificates = \"none.pem\"\nkey = \"none.key\"\n";
    std::fs::write(town.config(), format!("{whole}{tls}")).unwrap();
    let (code, said) = check();
    assert!(code == Some(2) && said.contains("[http_tls]") && said.contains("none.pem"), "{said}");
    // Nodes that can be reached from elsewhere have keys of their own.
    let cluster = "\n[cluster]\nnode = \"a\"\nlisten = \"0.0.0.0:8600\"\n";
    std::fs::write(town.config(), format!("{whole}{cluster}")).unwrap();
    let (code, said) = check();
    assert!(
        code == Some(2) && said.contains("[cluster.nodes]") && said.contains("kazasu key generate node."),
        "{said}"
    );
}

#[test]
fn the_command_line_asks_over_tls() {
    let town = Town::new(Sample { residents: 0, transport: Transport::Tls, ..Sample::default() });
    let old = std::fs::read_to_string(town.config()).unwrap();
    let http = format!("127.0.0.1:{}", free_port());
    let before = old.lines().find(|line| line.starts_with("http = ")).unwrap();
    let base = old.replace(before, &format!("http = \"{http}\""));
    let own = "certificates = \"tls/switch.pem\"\nkey = \"tls/switch.key\"\nca = \"tls/authority.pem\"\n";
    for more in
        ["", "name = \"switch.kazasu.example\"\n", "client_ca = \"tls/authority.pem\"\ncrls = [\"tls/revoked.pem\"]\n"]
    {
        std::fs::write(town.config(), format!("{base}\n[http_tls]\n{own}{more}")).unwrap();
        let served = town.serve();
        let out = kazasu(&["clock", "status", "--json", "--config", &town.config()]);
        assert!(out.status.success(), "{more}: {}", String::from_utf8_lossy(&out.stderr));
        let out = kazasu(&["policy", "show", "--config", &town.config()]);
        assert!(out.status.success(), "{more}: {}", String::from_utf8_lossy(&out.stderr));
        // Nothing is said in the clear.
        assert!(request(served.http, "GET", "/api/v1/status", &[], b"").map_or(true, |(status, _)| status != 200));
        // A command line that trusts other authorities, or expects another name, says so.
        let text = std::fs::read_to_string(town.config()).unwrap();
        std::fs::write(
            town.config(),
            text.replace(own, &format!("{own}name = \"other.example\"\n"))
                .replace("name = \"switch.kazasu.example\"\n", ""),
        )
        .unwrap();
        let out = kazasu(&["clock", "status", "--json", "--config", &town.config()]);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!out.status.success() && said.contains("certificate"), "{more}: {said}");
        served.stop();
    }
}

#[test]
fn what_init_writes_is_read_by_its_owner_only_and_ends_in_a_year() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("town");
    let out = kazasu(&["init", folder.to_str().unwrap(), "--residents", "1"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.join("tls")), 0o700);
    let files: Vec<_> = std::fs::read_dir(folder.join("tls")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 15 && files.iter().all(|path| mode(path) == 0o600), "{files:?}");
    let config = folder.join("kazasu.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    assert_eq!(text.matches("\ntls = {").count(), 7, "{text}");
    assert_eq!(text.matches("\nmac = ").count(), 7, "{text}");
    let out = kazasu(&["config", "check", "--config", config.to_str().unwrap()]);
    assert!(out.status.success() && !String::from_utf8_lossy(&out.stdout).contains("note:"), "{out:?}");
}
