//! TLS with client certificates on an acquirers' port.

use crate::harness::Town;
use bytes::BytesMut;
use kazasu::sample::Town as Sample;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_schemas::ids::Stan;
use kazasu_schemas::iso8583::Message;
use kazasu_schemas::mac::encode_frame;
use kazasu_schemas::wire::{Network, NetworkCode, Nonce};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

struct Identity {
    certificate: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

fn identity(authority: &Authority, name: &str, purpose: ExtendedKeyUsagePurpose) -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages = vec![purpose];
    let signed = params.signed_by(&key, authority).unwrap();
    Identity { certificate: signed.der().clone(), pem: signed.pem(), key }
}

fn client(root: &Authority, identity: Option<&Identity>) -> Arc<ClientConfig> {
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

/// Begins to sign on over TLS and gives DE39 of the answer, or why there is none.
fn sign_on(acquirer: &AcquirerConfig, config: Arc<ClientConfig>) -> Result<String, String> {
    let tcp = TcpStream::connect(&acquirer.addr).map_err(|e| e.to_string())?;
    tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let name = ServerName::try_from("switch.example").unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(config, name).map_err(|e| e.to_string())?, tcp);
    let mut message = Message::default();
    let now = kazasu_engine::clock::now().transmission();
    let question = Network::request(NetworkCode::SignOn, acquirer.id, Stan::wrapping(1), now);
    question.with(Nonce::new([7; 16]).question()).to_message(&mut message);
    let mut out = BytesMut::new();
    encode_frame(&acquirer.dialect, &mut message, None, &mut out).unwrap();
    stream.write_all(&out).map_err(|e| e.to_string())?;
    let mut header = [0; 2];
    stream.read_exact(&mut header).map_err(|e| e.to_string())?;
    let mut body = vec![0; usize::from(u16::from_be_bytes(header))];
    stream.read_exact(&mut body).map_err(|e| e.to_string())?;
    acquirer.dialect.decode(&body, &mut message).map_err(|e| e.to_string())?;
    Ok(String::from_utf8_lossy(message.get(39).unwrap()).into_owned())
}

#[test]
fn only_the_acquirers_own_certificate_signs_on() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let ours = authority();
    let server = identity(&ours, "switch.example", ExtendedKeyUsagePurpose::ServerAuth);
    let pinned = identity(&ours, "acquirer.example", ExtendedKeyUsagePurpose::ClientAuth);
    let sibling = identity(&ours, "other.example", ExtendedKeyUsagePurpose::ClientAuth);
    let strangers = authority();
    let stranger = identity(&strangers, "acquirer.example", ExtendedKeyUsagePurpose::ClientAuth);
    for (file, text) in
        [("server.pem", &server.pem), ("server.key", &server.key.serialize_pem()), ("ca.pem", &ours.pem())]
    {
        std::fs::write(town.path(file), text).unwrap();
    }
    town.replace_in_config(
        "dialect = \"iso87-ascii\"\n\n[[listener]]",
        "dialect = \"iso87-ascii\"\ntls = { certificates = \"server.pem\", key = \"server.key\", client_ca = \"ca.pem\" }\n\n[[listener]]",
    );
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
    let open = kazasu_acquirer_sim::session::Session::open;
    assert!(open(&town.acquirer(2, &served)).is_ok());
    let plain = AcquirerConfig {
        addr: served.listening[1].to_string(),
        dialect: town.acquirer(2, &served).dialect,
        ..acquirer
    };
    assert!(open(&plain).err().unwrap().to_string().contains("sign-on refused"));
    served.stop();
}
