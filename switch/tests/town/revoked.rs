//! Certificates of other parties while the switch runs: those that are revoked lose their open connections at every port, and those that
//! end soon are told.

use crate::harness::{Served, Town, wait_for};
use crate::tls::{Authority, Identity, authority, change_issuer, client, identity, identity_until, revocations};
use kazasu_demo::sample::Town as Sample;
use kazasu_issuer_adapter::sim::{
    DefaultAccount, IssuerConfig, IssuerKind, MacConfig, Script, Sim, SimConfig, TlsConfig,
};
use kazasu_schemas::mac::MacAlgorithm;
use kazasu_schemas::secret::Key;
use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

type Stream = StreamOwned<ClientConnection, TcpStream>;

fn open(addr: SocketAddr, root: &Authority, identity: &Identity) -> Stream {
    let tcp = TcpStream::connect(addr).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let name = ServerName::try_from("switch.example").unwrap();
    StreamOwned::new(ClientConnection::new(client(root, Some(identity)), name).unwrap(), tcp)
}

/// One request on an open connection; true when it is answered.
fn answers(stream: &mut Stream) -> bool {
    let mut begin = [0; 12];
    let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: switch.example\r\n\r\n");
    if asked.and_then(|()| stream.read_exact(&mut begin)).is_err() {
        return false;
    }
    // The rest of the answer, which is short.
    let mut rest = [0; 4_096];
    begin.starts_with(b"HTTP/1.1 200") && stream.read(&mut rest).is_ok()
}

/// A page on a connection of its own.
fn page(addr: SocketAddr, root: &Authority, identity: &Identity, path: &str) -> String {
    let mut stream = open(addr, root, identity);
    write!(stream, "GET {path} HTTP/1.1\r\nhost: switch.example\r\nconnection: close\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn an_http_connection_ends_when_its_certificate_is_revoked() {
    let ours = authority();
    let server = identity(&ours, "switch.example", ServerAuth, 1);
    let (stolen, good) =
        (identity(&ours, "stolen.example", ClientAuth, 2), identity(&ours, "good.example", ClientAuth, 3));
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    server.write(&town, "server");
    std::fs::write(town.path("ca.pem"), ours.pem()).unwrap();
    std::fs::write(town.path("revoked.pem"), revocations(&ours, &[])).unwrap();
    town.configure(
        "\n[http_tls]\ncertificates = \"server.pem\"\nkey = \"server.key\"\nclient_ca = \"ca.pem\"\ncrls = [\"revoked.pem\"]\n",
    );
    let served = town.serve();
    let (mut of_stolen, mut of_good) = (open(served.http, &ours, &stolen), open(served.http, &ours, &good));
    assert!(answers(&mut of_stolen) && answers(&mut of_good));
    std::fs::write(town.path("revoked.pem"), revocations(&ours, &[2])).unwrap();
    // The connection is idle, and the switch is not told.
    wait_for("the open connection's end", Duration::from_secs(20), || {
        let mut byte = [0; 1];
        match of_stolen.read(&mut byte) {
            Ok(0) => Some(()),
            Ok(_) => panic!("the switch says something by itself"),
            Err(error) => {
                (!matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)).then_some(())
            }
        }
    });
    assert!(answers(&mut of_good), "another client's connection goes on");
    assert!(!answers(&mut open(served.http, &ours, &stolen)), "and it is let in no more");
    let metrics = page(served.http, &ours, &good, "/metrics");
    let closed =
        metrics.lines().find(|line| line.starts_with("kazasu_http_connections_closed_total{reason=\"revoked\"}"));
    assert_eq!(closed, Some("kazasu_http_connections_closed_total{reason=\"revoked\"} 1"));
    served.stop();
}

/// The first issuer, with TLS by this authority and the keys that the switch has.
fn issuer(town: &Town, root: &Authority) -> Sim {
    identity(root, "issuer.example", ServerAuth, 5).write(town, "issuer");
    let master = Key::from_hex(&town.secret_of("issuer.1")).unwrap();
    let mut issuer = IssuerConfig::new("さくらカード Sakura Card", IssuerKind::Credit);
    issuer.mac = Some(MacConfig::session(MacAlgorithm::AesCmac, master));
    issuer.default_account = Some(DefaultAccount { balance: 1_000_000, script: Script::default() });
    issuer.tls = Some(TlsConfig {
        certificates: town.path("issuer.pem"),
        key: town.path("issuer.key"),
        client_ca: town.path("ca.pem"),
        pins: Vec::new(),
        crls: Vec::new(),
    });
    town.runtime.block_on(Sim::start(SimConfig::new(vec![issuer]))).unwrap()
}

fn first_is_up(served: &Served) -> bool {
    served.status()["issuers"][0]["up"] == true
}

#[test]
fn an_issuers_connection_ends_when_its_certificate_is_revoked() {
    let ours = authority();
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    std::fs::write(town.path("ca.pem"), ours.pem()).unwrap();
    std::fs::write(town.path("revoked.pem"), revocations(&ours, &[])).unwrap();
    identity(&ours, "switch.example", ClientAuth, 6).write(&town, "switch");
    let sim = issuer(&town, &ours);
    let text = std::fs::read_to_string(town.config()).unwrap();
    let addr = text.split("[[issuer]]").nth(1).unwrap().lines().find(|line| line.starts_with("addr = ")).unwrap();
    let there = sim.addresses()[0].1;
    let tls = "tls = { ca = \"ca.pem\", certificates = \"switch.pem\", key = \"switch.key\", name = \"issuer.example\", \
               crls = [\"revoked.pem\"] }";
    change_issuer(&town, 1, addr, &format!("addr = \"{there}\"\n{tls}"));
    let served = town.serve();
    wait_for("the issuer's sign-on", Duration::from_secs(10), || first_is_up(&served).then_some(()));
    std::fs::write(town.path("revoked.pem"), revocations(&ours, &[5])).unwrap();
    wait_for("the connection's end", Duration::from_secs(20), || (!first_is_up(&served)).then_some(()));
    // Lines of the log are written a moment later.
    wait_for("the line of the log", Duration::from_secs(10), || {
        let log = std::fs::read_to_string(town.path("serve.log")).unwrap();
        log.contains("the issuer's certificate is not accepted any more").then_some(())
    });
    // It cannot come back.
    std::thread::sleep(Duration::from_millis(500));
    assert!(!first_is_up(&served));
    std::fs::write(town.path("revoked.pem"), revocations(&ours, &[99])).unwrap();
    wait_for("the issuer with a list that does not name it", Duration::from_secs(30), || {
        first_is_up(&served).then_some(())
    });
    served.stop();
    town.runtime.block_on(sim.stop());
}

#[test]
fn the_end_of_another_partys_certificate_is_told_before_it_comes() {
    let ours = authority();
    let server = identity(&ours, "switch.example", ServerAuth, 1);
    let now = time::OffsetDateTime::from_unix_timestamp(kazasu_engine::clock::now().0 / 1_000).unwrap();
    let soon = identity_until(&ours, "soon.example", (ClientAuth, 2), now + Duration::from_secs(10 * 86_400 + 600));
    let later = identity(&ours, "later.example", ClientAuth, 3);
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    server.write(&town, "server");
    std::fs::write(town.path("ca.pem"), ours.pem()).unwrap();
    town.configure("\n[http_tls]\ncertificates = \"server.pem\"\nkey = \"server.key\"\nclient_ca = \"ca.pem\"\n");
    let served = town.serve();
    let seen = page(served.http, &ours, &later, "/api/v1/status");
    assert!(seen.contains("later.example") && !seen.contains("soon.example"), "{seen}");
    assert!(answers(&mut open(served.http, &ours, &soon)));
    let status = page(served.http, &ours, &later, "/api/v1/status");
    let body: serde_json::Value = serde_json::from_str(status.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let peers: Vec<_> = body["certificates"].as_array().unwrap().iter().filter(|c| c["part"] == "peer").collect();
    let named = |name: &str| peers.iter().find(|c| c["subject"].as_str().unwrap().contains(name)).unwrap();
    assert_eq!((peers.len(), named("soon.example")["days_left"].as_i64()), (2, Some(10)));
    assert!(page(served.http, &ours, &later, "/status").contains("相手の証明書"));
    // Within seconds, not at the next day's beginning.
    let told = wait_for("the warning", Duration::from_secs(15), || {
        let log = std::fs::read_to_string(town.path("serve.log")).unwrap();
        log.lines().find(|line| line.contains("another party's certificate ends soon")).map(str::to_owned)
    });
    assert!(told.contains("soon.example") && told.contains("WARN") && !told.contains("later.example"), "{told}");
    let metrics = page(served.http, &ours, &later, "/metrics");
    let left =
        metrics.lines().find(|l| l.starts_with("kazasu_certificate_left_seconds") && l.contains("part=\"peer\""));
    let left: f64 = left.unwrap().rsplit_once(' ').unwrap().1.parse().unwrap();
    assert!((left - 10.0 * 86_400.0).abs() < 700.0, "the first to end: {left}");
    served.stop();
}

/// Both sides of the test hold one configuration.
#[test]
fn a_client_of_another_authority_is_not_remembered() {
    let (ours, theirs) = (authority(), authority());
    let server = identity(&ours, "switch.example", ServerAuth, 1);
    let (good, stranger) =
        (identity(&ours, "good.example", ClientAuth, 2), identity(&theirs, "evil.example", ClientAuth, 3));
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    server.write(&town, "server");
    std::fs::write(town.path("ca.pem"), ours.pem()).unwrap();
    town.configure("\n[http_tls]\ncertificates = \"server.pem\"\nkey = \"server.key\"\nclient_ca = \"ca.pem\"\n");
    let served = town.serve();
    let tcp = TcpStream::connect(served.http).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let name = ServerName::try_from("switch.example").unwrap();
    let config: Arc<_> = client(&ours, Some(&stranger));
    assert!(!answers(&mut StreamOwned::new(ClientConnection::new(config, name).unwrap(), tcp)));
    let status = page(served.http, &ours, &good, "/api/v1/status");
    assert!(status.contains("good.example") && !status.contains("evil.example"), "{status}");
    served.stop();
}
