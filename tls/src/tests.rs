use super::*;
use bytes::BytesMut;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, ExtendedKeyUsagePurpose,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::pki_types::ServerName;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// A folder with an authority's certificates.
struct Folder {
    dir: tempfile::TempDir,
    authority: Authority,
}

impl Folder {
    fn new() -> Folder {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), authority.pem()).unwrap();
        Folder { dir, authority }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a certificate with this name and serial number.
    fn sign(&self, file: &str, name: &str, serial: u64) -> Shown {
        self.sign_until(file, name, (serial, 2048))
    }

    /// The same until January 31 of another year.
    fn sign_until(&self, file: &str, name: &str, (serial, year): (u64, i32)) -> Shown {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.serial_number = Some(SerialNumber::from(serial));
        params.not_after = date_time_ymd(year, 1, 31);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.authority).unwrap();
        std::fs::write(self.path(&format!("{file}.pem")), signed.pem()).unwrap();
        std::fs::write(self.path(&format!("{file}.key")), key.serialize_pem()).unwrap();
        Shown::of(signed.der())
    }

    fn revoke(&self, serials: &[u64]) {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(2048, 2, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        std::fs::write(self.path("revoked.pem"), list.signed_by(&self.authority).unwrap().pem().unwrap()).unwrap();
    }

    fn own(&self, file: &str) -> OwnFiles {
        OwnFiles { certificates: self.path(&format!("{file}.pem")), key: self.path(&format!("{file}.key")) }
    }

    fn server(&self, clients: Party) -> Arc<Server> {
        let files = ServerFiles {
            own: self.own("server"),
            client_authorities: Some(self.path("ca.pem")),
            revocations: vec![self.path("revoked.pem")],
            clients,
        };
        Arc::new(Server::load(files).unwrap())
    }

    fn client(&self, file: &str, server: Party) -> Client {
        let (authorities, name) = (self.path("ca.pem"), ServerName::try_from("server.example").unwrap());
        let own = Some(self.own(file));
        Client::load(ClientFiles { own, authorities, revocations: Vec::new(), name, server }).unwrap()
    }
}

fn town() -> Folder {
    let folder = Folder::new();
    folder.sign("server", "server.example", 1);
    folder.sign("one", "one.example", 2);
    folder.sign("two", "two.example", 3);
    folder.revoke(&[]);
    folder
}

/// Connects, and says and hears something; what came back, and the fingerprint of the server.
async fn exchange(server: &Arc<Server>, client: &Client) -> Result<(Vec<u8>, Shown), String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = server.clone();
    let answering = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut stream = server.accept(socket, Duration::from_secs(5)).await?;
        let mut heard = [0; 4];
        stream.read_exact(&mut heard).await?;
        stream.write_all(&heard).await?;
        stream.shutdown().await
    });
    let socket = TcpStream::connect(addr).await.unwrap();
    let asked = async {
        let mut stream = client.connect(socket).await?;
        let shown = Shown::of(&stream.get_ref().1.peer_certificates().unwrap()[0]);
        stream.write_all(b"ping").await?;
        let mut told = Vec::new();
        stream.read_to_end(&mut told).await?;
        Ok((told, shown))
    };
    let told: std::io::Result<_> = asked.await;
    let ended = answering.await.unwrap();
    match (told, ended) {
        (Ok(told), Ok(())) => Ok(told),
        (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn a_side_believes_only_its_party() {
    let town = town();
    let any = town.server(Party::default());
    let one = town.client("one", Party::default());
    assert_eq!(exchange(&any, &one).await.unwrap().0, b"ping");
    // By the public key's fingerprint.
    let shown = Shown::of(&rustls::pki_types::CertificateDer::from(
        rustls::pki_types::pem::PemObject::from_pem_file(town.path("one.pem"))
            .map(|der: rustls::pki_types::CertificateDer<'_>| der.to_vec())
            .unwrap(),
    ));
    let only_one = town.server(Party { fingerprints: vec![shown.key.unwrap()], names: Vec::new() });
    assert!(exchange(&only_one, &one).await.is_ok());
    let two = town.client("two", Party::default());
    assert!(exchange(&any, &two).await.is_ok());
    assert!(exchange(&only_one, &two).await.is_err());
    // By name.
    let named =
        |name: &'static str| Party { fingerprints: Vec::new(), names: vec![ServerName::try_from(name).unwrap()] };
    assert!(exchange(&town.server(named("two.example")), &two).await.is_ok());
    assert!(exchange(&town.server(named("two.example")), &one).await.is_err());
    // The client believes one server alone.
    let other = Party { fingerprints: vec![shown.certificate], names: Vec::new() };
    let why = exchange(&any, &town.client("one", other)).await.unwrap_err();
    assert!(why.contains("belongs to another party"), "{why}");
    // Another authority's certificate of the same name.
    let strangers = self::town();
    assert!(exchange(&any, &strangers.client("one", Party::default())).await.is_err());
}

#[tokio::test]
async fn files_come_into_force_when_they_change_and_not_when_they_are_broken() {
    let town = town();
    let server = town.server(Party::default());
    let (one, two) = (town.client("one", Party::default()), town.client("two", Party::default()));
    assert_eq!(server.reload(Look::IfChanged), Reloaded::Unchanged);
    town.revoke(&[2]);
    // Not yet.
    assert!(exchange(&server, &one).await.is_ok());
    assert_eq!(server.reload(Look::IfChanged), Reloaded::Loaded);
    assert!(exchange(&server, &one).await.is_err());
    assert!(exchange(&server, &two).await.is_ok());
    let chain = |file: &str| {
        let found = rustls::pki_types::pem::PemObject::pem_file_iter(town.path(file)).unwrap();
        found.collect::<Result<Vec<rustls::pki_types::CertificateDer<'static>>, _>>().unwrap()
    };
    assert!(server.no_longer_believes(&chain("one.pem")).is_some_and(|why| why.contains("Revoked")));
    assert_eq!(server.no_longer_believes(&chain("two.pem")), None);
    // A renewed certificate whose key has not come yet.
    let before = exchange(&server, &two).await.unwrap().1;
    let key = std::fs::read(town.path("server.key")).unwrap();
    let renewed = town.sign("server", "server.example", 9);
    let new_key = std::fs::read(town.path("server.key")).unwrap();
    std::fs::write(town.path("server.key"), key).unwrap();
    let Reloaded::Failed(why) = server.reload(Look::IfChanged) else { panic!("loaded") };
    assert!(why.contains("do not fit") && server.problem() == Some(why), "{:?}", server.problem());
    assert_eq!(exchange(&server, &two).await.unwrap().1, before);
    std::fs::write(town.path("server.key"), new_key).unwrap();
    assert_eq!(server.reload(Look::IfChanged), Reloaded::Loaded);
    assert_eq!((exchange(&server, &two).await.unwrap().1, server.problem()), (renewed, None));
}

#[test]
fn every_date_is_told() {
    let town = town();
    let told = town.server(Party::default()).expiries();
    let part = |part: Part| told.iter().find(|expiry| expiry.part == part).unwrap().until;
    assert_eq!(part(Part::Certificate), date_time_ymd(2048, 1, 31).unix_timestamp());
    assert_eq!(part(Part::RevocationList), date_time_ymd(2048, 2, 1).unix_timestamp());
    assert_eq!(told.len(), 3);
}

#[tokio::test]
async fn what_peers_have_shown_is_told_and_replaced_by_what_they_show_next() {
    let town = town();
    let (server, client) = (town.server(Party::default()), Arc::new(town.client("one", Party::default())));
    exchange(&server, &client).await.unwrap();
    let of = |material: &dyn Material| -> Vec<(String, i64)> {
        let peers = material.expiries().into_iter().filter(|expiry| expiry.part == Part::Peer);
        peers.map(|expiry| (expiry.subject, expiry.until)).collect()
    };
    let until = date_time_ymd(2048, 1, 31).unix_timestamp();
    let [(subject, date)] = &of(&*server)[..] else { panic!("{:?}", of(&*server)) };
    assert!(subject.contains("one") && *date == until, "{subject}");
    let [(subject, _)] = &of(&*client)[..] else { panic!("{:?}", of(&*client)) };
    assert!(subject.contains("server.example"), "{subject}");
    // Another party, and the first one with a new key and a later date: it has the place of its old certificate.
    exchange(&server, &town.client("two", Party::default())).await.unwrap();
    assert_eq!(of(&*server).len(), 2, "{:?}", of(&*server));
    town.sign_until("renewed", "one.example", (50, 2049));
    exchange(&server, &town.client("renewed", Party::default())).await.unwrap();
    let later = date_time_ymd(2049, 1, 31).unix_timestamp();
    let mut dates: Vec<i64> = of(&*server).into_iter().map(|(_, date)| date).collect();
    dates.sort_unstable();
    assert_eq!(dates, [until, later], "{:?}", of(&*server));
}

#[tokio::test]
async fn each_side_is_told_when_the_other_is_believed_no_more() {
    let town = town();
    town.sign("server", "server.example", 70);
    town.sign("guest", "guest.example", 71);
    let server = town.server(Party::default());
    let name = ServerName::try_from("server.example").unwrap();
    let files = ClientFiles {
        own: Some(town.own("guest")),
        authorities: town.path("ca.pem"),
        revocations: vec![town.path("revoked.pem")],
        name,
        server: Party::default(),
    };
    let client = Arc::new(Client::load(files).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    let (there, here) =
        tokio::join!(server.accept_watched(accepted, Duration::from_secs(5)), client.connect_watched(socket));
    let ((_there, mut client_lost), (_here, mut server_lost)) = (there.unwrap(), here.unwrap());
    let soon = Duration::from_millis(50);
    // New lists without either change nothing.
    town.revoke(&[99]);
    assert_eq!((server.reload(Look::Always), client.reload(Look::Always)), (Reloaded::Loaded, Reloaded::Loaded));
    assert!(tokio::time::timeout(soon, &mut client_lost).await.is_err());
    assert!(tokio::time::timeout(soon, &mut server_lost).await.is_err());
    town.revoke(&[71]);
    server.reload(Look::Always);
    let why = tokio::time::timeout(Duration::from_secs(5), client_lost).await.unwrap();
    assert!(why.to_lowercase().contains("revoked"), "{why}");
    town.revoke(&[70]);
    client.reload(Look::Always);
    let why = tokio::time::timeout(Duration::from_secs(5), server_lost).await.unwrap();
    assert!(why.to_lowercase().contains("revoked"), "{why}");
}

#[tokio::test]
async fn more_than_any_buffer_passes_in_both_directions() {
    let town = town();
    let (server, client) = (town.server(Party::default()), town.client("one", Party::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let much: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_be_bytes).collect();
    let echo = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let stream = server.accept(socket, Duration::from_secs(5)).await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(stream);
        tokio::io::copy(&mut reader, &mut writer).await
    });
    let mut stream = TryStream::from(client.connect(TcpStream::connect(addr).await.unwrap()).await.unwrap());
    let (mut sent, mut heard) = (0, BytesMut::new());
    while heard.len() < much.len() {
        while sent < much.len() || !stream.is_flushed() {
            let wrote =
                if sent < much.len() { stream.try_write(&much[sent..]) } else { stream.try_flush().map(|()| 0) };
            match wrote {
                Ok(n) => sent += n,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        match stream.try_read_buf(&mut heard) {
            Ok(0) => panic!("ended"),
            Ok(_) => continue,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
        let writing = sent < much.len() || !stream.is_flushed();
        let interest = if writing { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        stream.ready(interest).await.unwrap();
    }
    assert!(heard == much);
    echo.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thread_writes_while_another_reads() {
    let town = town();
    let (server, client) = (town.server(Party::default()), town.client("one", Party::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(LazyStream::accept(&server, socket, Duration::from_secs(5)));
        let _ = tokio::io::copy(&mut reader, &mut writer).await;
    });
    let done = tokio::task::spawn_blocking(move || {
        let mut reading = BlockingStream::connect(&client, std::net::TcpStream::connect(addr).unwrap()).unwrap();
        let mut writing = reading.try_clone().unwrap();
        let writer = std::thread::spawn(move || writing.write_all(&vec![7; 5_000_000]).unwrap());
        let mut heard = vec![0; 5_000_000];
        reading.read_exact(&mut heard).unwrap();
        writer.join().unwrap();
        heard.iter().all(|b| *b == 7)
    });
    assert!(done.await.unwrap());
}

#[tokio::test]
async fn a_handshake_that_does_not_begin_ends() {
    let town = town();
    let server = town.server(Party::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let _silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (socket, _) = listener.accept().await.unwrap();
    let mut stream = LazyStream::accept(&server, socket, Duration::from_millis(50));
    let error = stream.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn this_machine_is_known_by_its_addresses() {
    for addr in ["127.0.0.1:1", "localhost:9", "[::1]:80", "127.8.8.8:1"] {
        assert!(is_loopback(addr), "{addr}");
    }
    for addr in ["0.0.0.0:1", "10.0.0.1:9", "[::]:80", "localhost.example:1", "issuer:9001"] {
        assert!(!is_loopback(addr), "{addr}");
    }
}

#[tokio::test]
async fn what_comes_with_the_end_of_a_handshake_is_not_forgotten() {
    let town = town();
    let (server, client) = (town.server(Party::default()), town.client("one", Party::default()));
    for _ in 0..20 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        // The first message is sealed together with the end of the handshake, and leaves with it.
        let asking = tokio::task::spawn_blocking({
            let config = (client.config(), client.name());
            let mut socket = socket.into_std().unwrap();
            move || {
                socket.set_nonblocking(false).unwrap();
                let mut tls = rustls::ClientConnection::new(config.0, config.1).unwrap();
                tls.write_tls(&mut socket).unwrap();
                while tls.is_handshaking() {
                    tls.read_tls(&mut socket).unwrap();
                    tls.process_new_packets().unwrap();
                }
                tls.writer().write_all(b"ping").unwrap();
                let mut together = Vec::new();
                while tls.wants_write() {
                    tls.write_tls(&mut together).unwrap();
                }
                socket.write_all(&together).unwrap();
                socket
            }
        });
        let mut stream = TryStream::from(server.accept(accepted, Duration::from_secs(5)).await.unwrap());
        let mut heard = BytesMut::new();
        while heard.is_empty() {
            let ready = tokio::time::timeout(Duration::from_secs(2), stream.ready(Interest::READABLE)).await;
            ready.expect("something to read").unwrap();
            match stream.try_read_buf(&mut heard) {
                Ok(n) => assert!(n > 0),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
            }
        }
        assert_eq!(&heard[..], b"ping");
        drop(asking.await.unwrap());
    }
}
