//! Sign-on with session keys between the driver and the simulator.

use super::*;
use kazasu_issuer_adapter::SessionMaster;
use kazasu_schemas::mac::kdf::MasterKey;

fn with_master(addr: SocketAddr, algorithm: MacAlgorithm, key: &Key) -> Switch {
    let master = SessionMaster::one(algorithm, MasterKey::new(algorithm, key));
    Switch::new(addr, |config| config.keying = Keying::Session(master))
}

#[tokio::test]
async fn each_session_has_keys_of_its_own_and_another_master_key_proves_nothing() {
    for algorithm in [MacAlgorithm::AesCmac, MacAlgorithm::HmacSha256] {
        let (key, other) = (Key::new(vec![7; 32]).unwrap(), Key::new(vec![8; 32]).unwrap());
        let mut config = issuer(Script::default());
        config.mac = Some(MacConfig::session(algorithm, key.clone()));
        let (sim, addr) = start(config, None).await;
        let mut first = with_master(addr, algorithm, &key);
        let mut second = with_master(addr, algorithm, &key);
        first.wait_for(true).await;
        second.wait_for(true).await;
        first.ask(purchase(1, 100));
        assert_eq!(first.next().await, "answered 1 00");
        second.ask(purchase(2, 100));
        assert_eq!(second.next().await, "answered 2 00");
        assert_eq!((first.status.counters().bad_mac, second.status.counters().bad_mac), (0, 0));

        let wrong = with_master(addr, algorithm, &other);
        let fixed = with_mac(addr, &keys(1).0, &keys(1).1);
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(!wrong.status.is_up() && !fixed.status.is_up());
        let why = wrong.status.last_error().unwrap();
        assert!(why.contains("refused the proof with 63"), "{why}");
        let why = fixed.status.last_error().unwrap();
        assert!(why.contains("did not answer the sign-on") || why.contains("refused the sign-on"), "{why}");
        assert_eq!(sim.totals()[0].1.approved, 2);
    }
}

#[tokio::test]
async fn an_issuer_without_session_keys_is_named() {
    let (sim, addr) = start(issuer(Script::default()), None).await;
    let switch = with_master(addr, MacAlgorithm::AesCmac, &Key::new(vec![7; 32]).unwrap());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!switch.status.is_up());
    let why = switch.status.last_error().unwrap();
    assert!(why.contains("without nonces (DE48 with NS and NI)") && why.contains("keys = \"static\""), "{why}");
    assert_eq!(sim.totals()[0].1.received, 0);
}

/// The switch has a new version, which the issuer does not have yet: the next attempt is under the other one.
#[tokio::test]
async fn a_proof_that_is_refused_is_followed_by_one_under_the_other_version() {
    let (old, new) = (Key::new(vec![7; 32]).unwrap(), Key::new(vec![8; 32]).unwrap());
    let mut config = issuer(Script::default());
    config.mac = Some(MacConfig::session(MacAlgorithm::AesCmac, old.clone()));
    let (_sim, addr) = start(config, None).await;
    let masters = [&new, &old].map(|key| MasterKey::new(MacAlgorithm::AesCmac, key)).to_vec();
    let master = SessionMaster { algorithm: MacAlgorithm::AesCmac, masters: Arc::new(InForce::new(masters)) };
    let mut switch = Switch::new(addr, |config| config.keying = Keying::Session(master));
    switch.wait_for(true).await;
    switch.ask(purchase(1, 100));
    assert_eq!(switch.next().await, "answered 1 00");
}
