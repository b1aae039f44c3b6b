//! A node among others: one that slept, one whose task breaks off, one with another's name.

use super::*;

#[test]
fn a_leader_that_slept_through_its_lead_can_lead_again() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, ..Sample::default() });
    cluster.start_all();
    let first = cluster.leader();
    let other = 1 - first;
    // Nothing is under way when it loses the lead.
    cluster.signal(first, "STOP");
    wait_for("the other node to lead", Duration::from_secs(8), || cluster.leads(other).then_some(()));
    cluster.signal(first, "CONT");
    wait_for("the first node to follow", Duration::from_secs(8), || {
        let served = cluster.served(first);
        (served.status()["role"] == "following" && served.get("/readyz").0 == 200).then_some(())
    });
    let mut session = Session::open(&cluster.town.acquirer(first + 1, cluster.served(first))).unwrap();
    cluster.nodes[other].take().unwrap().kill();
    wait_for("the first node to lead again", Duration::from_secs(8), || cluster.leads(first).then_some(()));
    let bytes = frame(&session, &purchase(&session.config, 1));
    session.raw(&bytes).unwrap();
    let keys = session.keys.clone();
    let answer = session.receive(&keys, Duration::from_secs(5)).unwrap().expect("an answer");
    assert_eq!(answer.message.get(39), Some(&b"00"[..]));
    drop(session);
    cluster.check(&[]);
}

/// What connects the nodes breaks off on either side, and is started again: taps through the node that follows are answered.
#[test]
fn a_task_between_the_nodes_that_breaks_off_is_started_again() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, issuer_timeout_ms: 700, ..Sample::default() });
    cluster.start_all();
    let leader = cluster.leader();
    let follower = 1 - leader;
    let token = crate::rules::token(&cluster.town, "", "token");
    for node in [leader, follower] {
        let (_, metrics) = cluster.served(node).get("/metrics");
        let up = metrics.lines().filter(|line| line.starts_with("kazasu_task_up{task=\"issuer_connection\""));
        assert_eq!(up.filter(|line| line.ends_with(" 1")).count(), 4, "also where they are not wanted");
    }
    let mut number = 1;
    for (node, kind) in [
        (leader, "watch"),
        (leader, "peers"),
        (leader, "peer_connection"),
        (follower, "forward"),
        (follower, "leader_connection"),
        (follower, "watch"),
        (follower, "follower"),
    ] {
        let served = cluster.served(node);
        let ended = |served: &Served| crate::runs_on::metric(served, "kazasu_task_ended_total", &format!("\"{kind}\""));
        let before = ended(served);
        let path = format!("/api/v1/break/{kind}");
        assert_eq!(crate::rules::call(served, "POST", &path, &token, &serde_json::Value::Null).0, 202);
        if kind == "peers" {
            // It comes by when a node connects: the follower's link is made anew.
            let path = "/api/v1/break/peer_connection";
            assert_eq!(crate::rules::call(served, "POST", path, &token, &serde_json::Value::Null).0, 202);
        }
        wait_for(kind, Duration::from_secs(20), || (ended(served) > before).then_some(()));
        cluster.ready();
        let mut session =
            kazasu_acquirer_sim::session::Session::open(&cluster.town.acquirer(1, cluster.served(follower))).unwrap();
        for _ in 0..5 {
            number += 1;
            assert_eq!(crate::runs_on::taps(&mut session, number, "on-us-rich"), "00", "{kind}");
        }
    }
    assert_eq!(cluster.leader(), leader, "no node had to take over");
    for served in cluster.nodes.iter_mut().filter_map(Option::take) {
        served.stop();
    }
}

#[test]
fn a_node_with_another_nodes_name_and_not_its_key_is_refused() {
    let sample = Sample { residents: 0, ..Sample::default() };
    let mut cluster = Cluster::new(2, false, sample);
    let [(a, public_a), (b, public_b), (stranger, public_stranger)] = [node_key(), node_key(), node_key()];
    let known = |b: &str| format!("node-0 = \"{public_a}\"\nnode-1 = \"{b}\"\n");
    // It has the key that all nodes share, and calls itself node-1.
    cluster.own_keys = vec![(a.clone(), known(&public_b)), (stranger, known(&public_stranger))];
    cluster.start(0);
    cluster.ready();
    cluster.start(1);
    wait_for("the leader to refuse it", Duration::from_secs(20), || {
        cluster.log(0).contains(&format!("{public_stranger}, is none of cluster.nodes")).then_some(())
    });
    assert_eq!(cluster.served(1).get("/readyz").0, 503);
    cluster.nodes[1].take().unwrap().stop();
    // With its own key it is let in, and passes a tap on.
    cluster.own_keys = vec![(a, known(&public_b)), (b, known(&public_b))];
    cluster.start(1);
    cluster.ready();
    cluster.served(0).issuers_up(3);
    let mut session = Session::open(&cluster.town.acquirer(2, cluster.served(1))).unwrap();
    let bytes = frame(&session, &purchase(&session.config, 1));
    session.raw(&bytes).unwrap();
    assert_eq!(crate::bad_input::code(&mut session), "00");
    for node in cluster.nodes.iter_mut().filter_map(Option::take) {
        node.stop();
    }
}

/// The shared key and one node's own are changed while the follower passes taps on; then the nodes meet anew under the new keys alone.
#[test]
fn keys_that_nodes_share_and_their_own_are_changed_while_taps_go_on() {
    use crate::keys::{Steady, in_force, ok};
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, ..Sample::default() });
    let [(a, public_a), (b, public_b)] = [node_key(), node_key()];
    let known = format!("node-0 = \"{public_a}\"\nnode-1 = \"{public_b}\"\n");
    cluster.own_keys = vec![(a, known.clone()), (b, known)];
    cluster.start_all();
    cluster.ready();
    let leader = cluster.leader();
    let follower = 1 - leader;
    cluster.served(leader).issuers_up(3);
    let key = |node: usize, args: &[&str]| {
        let config = cluster.config(node);
        ok(&kazasu(&[&["key"], args, &["--config", config.to_str().unwrap(), "--by", "sato"]].concat()))
    };
    let both = |name: &str, version: u8, state: Option<&str>| {
        (0..2).for_each(|node| in_force(cluster.served(node), name, version, state));
    };
    let steady = Steady::start(cluster.town.acquirer(1, cluster.served(follower)));
    steady.goes_on();
    key(0, &["rotate", "cluster"]);
    both("cluster", 2, Some("accepted"));
    steady.goes_on();
    key(0, &["activate", "cluster", "2"]);
    both("cluster", 2, Some("active"));
    steady.goes_on();
    // The follower's own key: its public key goes into both configurations.
    let name = format!("node.node-{follower}");
    let said = key(follower, &["rotate", &name]);
    let public = said.split("public key ").nth(1).unwrap().lines().next().unwrap().trim().to_owned();
    let old = [&public_a, &public_b][follower];
    let tell = |from: &str, to: &str| {
        for node in 0..2 {
            let text = std::fs::read_to_string(cluster.config(node)).unwrap();
            assert!(text.contains(from), "{from}");
            std::fs::write(cluster.config(node), text.replace(from, to)).unwrap();
        }
    };
    let line = |value: &str| format!("node-{follower} = {value}\n");
    tell(&line(&format!("\"{old}\"")), &line(&format!("[\"{public}\", \"{old}\"]")));
    in_force(cluster.served(leader), "cluster", 2, Some("active"));
    in_force(cluster.served(follower), &name, 2, Some("accepted"));
    key(follower, &["activate", &name, "2"]);
    in_force(cluster.served(follower), &name, 2, Some("active"));
    steady.goes_on();
    key(0, &["retire", "cluster", "1"]);
    both("cluster", 1, None);
    key(follower, &["retire", &name, "1"]);
    tell(&line(&format!("[\"{public}\", \"{old}\"]")), &line(&format!("\"{public}\"")));
    in_force(cluster.served(leader), "cluster", 1, None);
    in_force(cluster.served(follower), &name, 1, None);
    steady.goes_on();
    steady.end();
    // The connection is made anew, under the new keys alone.
    let token = crate::rules::token(&cluster.town, "", "token");
    let broken = "/api/v1/break/peer_connection";
    assert_eq!(crate::rules::call(cluster.served(leader), "POST", broken, &token, &serde_json::Value::Null).0, 202);
    let mut session = Session::open(&cluster.town.acquirer(1, cluster.served(follower))).unwrap();
    let mut number = 900_000;
    wait_for("a tap through the new connection", Duration::from_secs(20), || {
        number += 1;
        let held = cluster.log(leader).matches("another node passes its acquirers' messages on").count() > 1;
        (crate::runs_on::taps(&mut session, number, "on-us-rich") == "00" && held).then_some(())
    });
    for node in cluster.nodes.iter_mut().filter_map(Option::take) {
        node.stop();
    }
}

/// An acquirer's key is needed as long as a connection is signed on under it at any node, not only at the one that leads.
#[test]
fn a_key_under_which_another_node_has_a_connection_is_not_retired() {
    use crate::keys::{in_force, ok};
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, ..Sample::default() });
    cluster.start_all();
    cluster.ready();
    let follower = 1 - cluster.leader();
    let config = cluster.config(0);
    let key = |args: &[&str]| {
        kazasu(&[&["key"], args, &["--config", config.to_str().unwrap(), "--by", "sato", "--why", "a test"]].concat())
    };
    let name = "acquirer.27000001";
    let old = Session::open(&cluster.town.acquirer(1, cluster.served(follower))).unwrap();
    cluster.town.put_key(name, &"5a".repeat(32), kazasu_security::keys::KeyState::Accepted);
    for node in 0..2 {
        in_force(cluster.served(node), name, 2, Some("accepted"));
    }
    ok(&key(&["activate", name, "2"]));
    for node in 0..2 {
        in_force(cluster.served(node), name, 2, Some("active"));
    }
    let refused = key(&["retire", name, "1"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("1 connections are signed on under it at node node-{follower}")), "{said}");
    drop(old);
    wait_for("its end", Duration::from_secs(10), || key(&["retire", name, "1"]).status.success().then_some(()));
    for served in cluster.nodes.iter_mut().filter_map(Option::take) {
        served.stop();
    }
}
