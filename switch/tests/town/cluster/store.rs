//! The store under the nodes: a journal that moves, and a primary that cannot commit.

use super::*;

#[test]
fn a_journal_moves_from_a_file_to_postgresql_and_back_and_is_proven_equal() {
    let town = Town::new(Sample { residents: 300, ..Sample::default() });
    let database = Database::new(false);
    let url = database.primary.url("kazasu");
    let file = town.journal().to_str().unwrap().to_owned();
    let back = town.path("back.db").to_str().unwrap().to_owned();
    let run = |args: &[&str]| {
        let out = kazasu(args);
        let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        assert!(!text.contains("owner-of-the-test"), "the password is shown: {text}");
        (out.status.code(), text)
    };
    // Before the tables are there, and with mistakes.
    let (code, text) = run(&["store", "copy", "--from", &file, "--to", &url]);
    assert!(code == Some(2) && text.contains("kazasu store migrate"), "{code:?} {text}");
    assert_eq!(run(&["store", "copy", "--from", &file, "--to", &file]).0, Some(2));
    assert_eq!(run(&["store", "migrate", "--store", &file]).0, Some(2));
    assert_eq!(run(&["store", "migrate", "--store", &url]).0, Some(0));
    let (code, text) = run(&["store", "migrate", "--store", &url]);
    assert!(code == Some(0) && text.contains("0 migrations were new"), "{text}");
    // There, and back to another file.
    let (code, text) = run(&["store", "copy", "--from", &town.config(), "--to", &url]);
    assert!(code == Some(0) && text.contains("equal: chain head"), "{text}");
    assert_eq!(run(&["store", "copy", "--from", &url, "--to", &back]).0, Some(0));
    let verify = |place: &str| {
        let (code, text) = run(&["ledger", "verify", place, "--json"]);
        assert_eq!(code, Some(0), "{text}");
        let mut sums: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        sums["ms"] = 0.into();
        sums
    };
    assert_eq!(verify(&file), verify(&url));
    assert_eq!(verify(&file), verify(&back));
    // Another book's journal is left alone.
    let other = Town::new(Sample { residents: 10, ..Sample::default() });
    let (code, text) = run(&["store", "copy", "--from", &other.config(), "--to", &url]);
    assert!(code == Some(1) && text.contains("another journal"), "{code:?} {text}");
    let (code, text) = run(&["store", "check", "--store", &url]);
    assert!(code == Some(0) && text.contains("records"), "{text}");
    let (_, balance) = run(&["ledger", "trial-balance", &url]);
    assert_eq!(run(&["ledger", "trial-balance", &file]).1, balance);
}

#[test]
fn while_no_primary_can_commit_taps_are_refused_quickly_and_links_stay_up() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, ..Sample::default() });
    cluster.start_all();
    let mut sessions =
        [0, 1].map(|node| Session::open(&cluster.town.acquirer(node + 1, cluster.served(node))).unwrap());
    let ask = |session: &mut Session, request: &Request, limit: Duration| {
        let bytes = frame(session, request);
        session.raw(&bytes).unwrap();
        let keys = session.keys.clone();
        let answer = session.receive(&keys, limit).unwrap();
        answer.map(|answer| String::from_utf8_lossy(answer.message.get(39).unwrap()).into_owned())
    };
    let request = |session: &Session, stan| purchase(&session.config, stan);
    let firsts = [0, 1].map(|node: usize| request(&sessions[node], 1));
    for (session, first) in sessions.iter_mut().zip(&firsts) {
        assert_eq!(ask(session, first, Duration::from_secs(5)).as_deref(), Some("00"));
    }
    cluster.database.primary.kill();
    // A tap in doubt is left without an answer; soon new taps are refused at once, on every node.
    let outage = Instant::now();
    for (node, session) in sessions.iter_mut().enumerate() {
        wait_for("91", Duration::from_secs(20), || {
            let next = request(session, 100 + u64::try_from(outage.elapsed().as_millis()).unwrap());
            (ask(session, &next, Duration::from_secs(8)).as_deref() == Some("91")).then_some(())
        });
        for n in 0..20 {
            let begin = Instant::now();
            let next = request(session, 50_000 + n);
            assert_eq!(ask(session, &next, Duration::from_secs(5)).as_deref(), Some("91"), "node {node}");
            assert!(begin.elapsed() < Duration::from_millis(900), "node {node}: {:?}", begin.elapsed());
        }
        // A repeat of what was approved is not refused: its first answer cannot be known to everyone now.
        let first = Request { mti: Mti(201), ..firsts[node] };
        let repeated = ask(session, &first, Duration::from_millis(500));
        assert!(matches!(repeated.as_deref(), None | Some("00")), "{repeated:?}");
    }
    assert_eq!(cluster.served(0).get("/readyz").0, 503);
    cluster.database.primary.start().unwrap();
    for (number, session) in sessions.iter_mut().enumerate() {
        wait_for("the switch to go on by itself", Duration::from_secs(20), || {
            let next = request(
                session,
                60_000 + number as u64 * 10_000 + u64::try_from(outage.elapsed().as_millis() % 10_000).unwrap(),
            );
            (ask(session, &next, Duration::from_secs(5)).as_deref() == Some("00")).then_some(())
        });
        let first = Request { mti: Mti(201), ..firsts[number] };
        assert_eq!(ask(session, &first, Duration::from_secs(5)).as_deref(), Some("00"), "the first answer again");
    }
    // After commits in doubt the lead can be handed over as before, as soon as the other node reports again.
    cluster.ready();
    let leader = cluster.leader();
    let config = cluster.config(0);
    wait_for("a hand-over", Duration::from_secs(10), || {
        let out = kazasu(&["node", "handover", "--config", config.to_str().unwrap()]);
        out.status.success().then_some(())
    });
    assert_eq!(cluster.leader(), 1 - leader);
    drop(sessions);
    cluster.check(&[]);
}
