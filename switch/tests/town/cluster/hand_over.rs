//! Nodes that give the lead away on purpose, and nodes that stop.

use super::*;

#[test]
fn the_lead_is_handed_over_under_load_without_one_tap_refused() {
    let mut cluster =
        Cluster::new(2, false, Sample { residents: 1_000, issuer_timeout_ms: 3_000, ..Sample::default() });
    cluster.start_all();
    let leader = cluster.leader();
    cluster.served(leader).issuers_up(3);
    let loads = [0, 1].map(|node| cluster.load(node, node as u64, 300.0, Duration::from_secs(60)));
    // Longer than a node without a leader keeps messages: what it was without before it led must not count.
    std::thread::sleep(Duration::from_millis(5_500));
    let config = cluster.config(0);
    let hand_over = |to: &str| {
        let mut args = vec!["node", "handover", "--config", config.to_str().unwrap(), "--json"];
        if !to.is_empty() {
            args.extend(["--to", to]);
        }
        // A successor that does not get the processor for a while is late, and the lead stays where it is: a person asks again.
        for _ in 0..5 {
            let out = kazasu(&args);
            if out.status.success() {
                return serde_json::from_slice::<serde_json::Value>(&out.stdout).unwrap();
            }
            let why = String::from_utf8_lossy(&out.stderr).into_owned();
            assert!(why.contains("this node leads again"), "{why}{}", cluster.log(0) + &cluster.log(1));
        }
        panic!("the lead came back five times: {}", cluster.log(0) + &cluster.log(1));
    };
    let mut at = leader;
    for round in 0..6 {
        let to = if round % 2 == 0 { String::new() } else { format!("node-{}", 1 - at) };
        let moved = hand_over(&to);
        assert_eq!(moved["to"], format!("node-{}", 1 - at), "{moved}");
        at = 1 - at;
        wait_for("the successor to lead", Duration::from_secs(5), || cluster.leads(at).then_some(()));
        std::thread::sleep(Duration::from_millis(300));
    }
    let (mut all, mut refused) = (Vec::new(), 0);
    for load in loads {
        let (report, answers) = load.end();
        let errors: u64 = report.errors.iter().filter(|(what, _)| **what != "91 not available").map(|(_, n)| n).sum();
        assert_eq!(errors, 0, "{:?}", report.errors);
        assert!(report.answered > 500, "{:?}", report.codes);
        refused += report.codes.get("91").copied().unwrap_or(0);
        all.extend(answers);
    }
    // A node that does not run cannot be handed the lead; the node that leads goes on.
    let out = kazasu(&["node", "handover", "--config", config.to_str().unwrap(), "--to", "node-9"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("node-9"));
    let status = kazasu(&["node", "status", "--config", config.to_str().unwrap(), "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["leader"], format!("node-{at}"), "{status}");
    assert_eq!(status["nodes"].as_array().unwrap().len(), 2);
    let gauge = |node: usize, name: &str| {
        let metrics = cluster.served(node).get("/metrics").1;
        let line = metrics.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("{name} is missing")).rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    wait_for("metrics of both nodes", Duration::from_secs(5), || {
        let leading = [gauge(at, "kazasu_leading"), gauge(1 - at, "kazasu_leading")];
        let lag = [gauge(at, "kazasu_lag_records"), gauge(1 - at, "kazasu_lag_records")];
        (leading == [1.0, 0.0] && lag == [0.0, 0.0] && gauge(0, "kazasu_epoch") == gauge(1, "kazasu_epoch"))
            .then_some(())
    });
    assert_eq!(status["epoch"].as_f64(), Some(gauge(0, "kazasu_epoch")));
    // One of the sample's issuers leaves every 307th request without an answer; nothing else was refused.
    assert_eq!(refused, cluster.silences(Silence::TimedOut), "refused for another reason than an issuer's silence");
    assert_eq!((cluster.silences(Silence::NotSent), cluster.silences(Silence::Restarted)), (0, 0));
    cluster.check(&all);
}

#[test]
fn a_leader_that_is_stopped_for_an_upgrade_hands_over_first() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 500, ..Sample::default() });
    cluster.start_all();
    let leader = cluster.leader();
    let other = 1 - leader;
    let load = cluster.load(other, 5, 300.0, Duration::from_secs(60));
    std::thread::sleep(Duration::from_millis(600));
    let begin = Instant::now();
    cluster.nodes[leader].take().unwrap().stop();
    assert!(cluster.leads(other), "the other node leads by the time the first has ended");
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    cluster.start(leader);
    cluster.ready();
    std::thread::sleep(Duration::from_millis(300));
    let (report, answers) = load.end();
    let refused = report.codes.get("91").copied().unwrap_or(0);
    assert_eq!(report.error_count(), refused, "{:?}", report.errors);
    assert_eq!(refused, cluster.silences(Silence::TimedOut), "{:?}", report.codes);
    assert_eq!((cluster.silences(Silence::NotSent), cluster.silences(Silence::Restarted)), (0, 0));
    cluster.check(&answers);
}

#[test]
fn a_node_that_stops_answers_everything_it_has_taken_first() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, ..Sample::default() });
    cluster.start_all();
    for round in 0..4_u64 {
        let leader = cluster.leader();
        // Once it leads and hands over, once it only passes on.
        let node = if round % 2 == 0 { leader } else { 1 - leader };
        let mut session = Session::open(&cluster.town.acquirer(node + 1, cluster.served(node))).unwrap();
        let requests = (0..200).map(|n| frame(&session, &purchase(&session.config, round * 1_000 + n + 1)));
        let burst: Vec<u8> = requests.flat_map(|frame| frame.to_vec()).collect();
        session.raw(&burst).unwrap();
        // Time to be read, not to be answered.
        std::thread::sleep(Duration::from_millis(30));
        cluster.signal(node, "TERM");
        let keys = session.keys.clone();
        let begin = Instant::now();
        let mut answers = 0;
        while let Ok(Some(answer)) = session.receive(&keys, Duration::from_secs(10)) {
            assert_eq!(answer.message.get(39), Some(&b"00"[..]));
            answers += 1;
        }
        assert!(begin.elapsed() < Duration::from_secs(9), "{:?}", begin.elapsed());
        // Not everything need have been read when it was told to stop; what was, was decided and answered.
        let stans = u32::try_from(round * 1_000).unwrap() + 1..=u32::try_from(round * 1_000).unwrap() + 200;
        let (state, _) = cluster.town.fold_of(&cluster.database.store());
        let decided = state.taps().filter(|tap| stans.contains(&tap.key.stan.get())).count();
        assert!(answers > 0, "nothing was read in round {round}");
        assert_eq!(answers, decided, "round {round}: decided but not answered:\n{}", cluster.log(node));
        drop(session);
        cluster.nodes[node].take().unwrap().ended();
        cluster.start(node);
        cluster.ready();
    }
    cluster.check(&[]);
}

#[test]
fn a_hand_over_waits_for_a_slow_issuer_and_still_refuses_nothing() {
    // One of the sample's cards is at an issuer account that never answers.
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, issuer_timeout_ms: 6_500, ..Sample::default() });
    cluster.start_all();
    let leader = cluster.leader();
    cluster.served(leader).issuers_up(3);
    let mut session = Session::open(&cluster.town.acquirer(leader + 1, cluster.served(leader))).unwrap();
    let with = |session: &Session, stan: u64, card: &str| Request {
        ppid: Some(session.config.cards[card]),
        ..purchase(&session.config, stan)
    };
    let silent = frame(&session, &with(&session, 1, "credit-silent"));
    session.raw(&silent).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let config = cluster.config(0);
    let handing = std::thread::spawn(move || kazasu(&["node", "handover", "--config", config.to_str().unwrap()]));
    std::thread::sleep(Duration::from_millis(700));
    // One that needs no issuer is decided at once; one that does waits for the successor, longer than for a lost leader.
    let (held, credit) = (with(&session, 2, "on-us-rich"), with(&session, 3, "credit-ok"));
    for request in [held, credit] {
        let bytes = frame(&session, &request);
        session.raw(&bytes).unwrap();
    }
    let keys = session.keys.clone();
    let mut codes = Vec::new();
    while codes.len() < 3 {
        let answer = session.receive(&keys, Duration::from_secs(15)).unwrap().expect("an answer").message;
        let text = |field| String::from_utf8_lossy(answer.get(field).unwrap()).into_owned();
        codes.push((text(11), text(39)));
    }
    assert_eq!(codes[0], ("000002".into(), "00".into()), "{codes:?}");
    codes.sort();
    let expected = [("000001", "91"), ("000002", "00"), ("000003", "00")].map(|(s, c)| (s.to_owned(), c.to_owned()));
    assert_eq!(codes, expected);
    let out = handing.join().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    drop(session);
    cluster.check(&[]);
}

#[test]
fn a_single_node_on_postgresql_hands_the_lead_to_nobody_and_starts_again() {
    let mut cluster = Cluster::new(1, false, Sample { residents: 0, ..Sample::default() });
    cluster.start_all();
    let config = cluster.config(0);
    let out = kazasu(&["node", "handover", "--config", config.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("no other node"), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(cluster.leads(0));
    for kill in [true, false] {
        let served = cluster.nodes[0].take().unwrap();
        if kill {
            served.kill()
        } else {
            served.stop()
        }
        let begin = Instant::now();
        cluster.start_all();
        assert!(cluster.leads(0) && begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    }
    cluster.check(&[]);
}
