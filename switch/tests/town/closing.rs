//! Closing a day on a real switch, from the command line: contracts, files, differences, settlements, payouts, signatures, reports.

use crate::harness::{Served, Town, kazasu};
use kazasu::sample::Town as Sample;
use kazasu_acquirer_sim::scenario::{Scenario, play};
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::NetworkCode;
use kazasu_schemas::zengin::statement::{self, Direction, Entry, TransactionKind};
use kazasu_schemas::zengin::{AccountKind, LineEnding, transfer};
use serde_json::{Value, json};
use std::process::Output;

struct Staff<'a> {
    town: &'a Town,
}

impl Staff<'_> {
    fn run(&self, by: &str, args: &[&str]) -> Output {
        let config = self.town.config();
        let mut all = args.to_vec();
        all.extend(["--by", by, "--json", "--config", &config]);
        kazasu(&all)
    }

    fn ok(&self, by: &str, args: &[&str]) -> Value {
        let out = self.run(by, args);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap_or(Value::Null)
    }

    fn no(&self, by: &str, args: &[&str]) -> String {
        let out = self.run(by, args);
        assert_eq!(out.status.code(), Some(1), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stderr).unwrap()
    }

    /// Done, with something found: exit code 1.
    fn found(&self, by: &str, args: &[&str]) -> Value {
        let out = self.run(by, args);
        assert_eq!(out.status.code(), Some(1), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    }

    fn decided(&self, proposal: &Value) {
        let number = proposal["proposal"].to_string();
        let text = self.no("suzuki", &["decide", &number, "--approve", "--why", "x"]);
        assert!(text.contains("another person must decide"), "{text}");
        self.ok("tanaka", &["decide", &number, "--approve", "--why", "checked"]);
    }
}

fn taps(town: &Town, served: &Served, steps: &[(&str, u32)]) {
    let step = |(card, yen): &(&str, u32)| {
        format!(
            "[[step]]\nsend = 'purchase'\ncard = '{card}'\nat = 'shop'\namount = {yen}\npin = true\nexpect = {{ code = '00' }}\n"
        )
    };
    let text: String = steps.iter().map(step).collect();
    let scenario = Scenario::parse(&format!("title = 'x'\n{text}")).unwrap();
    assert_eq!(play(&scenario, &town.acquirer(1, served)).unwrap().differences, []);
}

fn journal(town: &Town, args: &[&str]) -> Output {
    let journal = town.journal();
    let mut all = vec!["ledger", args[0], journal.to_str().unwrap()];
    all.extend(&args[1..]);
    kazasu(&all)
}

#[test]
fn a_day_is_closed_with_every_yen_explained() {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let staff = Staff { town: &town };
    let file = |name: &str| town.path(name).to_str().unwrap().to_owned();

    // Contracts: wrong ones name their lines, right ones take two people.
    let text = std::fs::read_to_string(town.path("contracts.toml")).unwrap();
    std::fs::write(
        town.path("wrong.toml"),
        text.replace("\"2.48%\"", "\"248%\"").replace("cycle = \"daily\"", "cycle = \"hourly\""),
    )
    .unwrap();
    let problems = staff.no("suzuki", &["contract", "propose", &file("wrong.toml"), "--why", "x"]);
    assert!(problems.contains("line") && problems.contains("248%") && problems.contains("hourly"), "{problems}");
    staff.decided(&staff.ok("suzuki", &["contract", "propose", &file("contracts.toml"), "--why", "year"]));

    taps(
        &town,
        &served,
        &[("credit-ok", 10_000), ("held-rich", 20_000), ("bank-ok", 30_000), ("credit-ok", 5_000), ("debit-ok", 4_000)],
    );
    served.drained();
    let days = staff.ok("sato", &["day", "status"]);
    let day = days[0]["day"].as_str().unwrap().to_owned();
    assert_eq!(days[0]["state"], "open");

    // The issuer's file: one line lacks, one is less, one line cannot be read.
    let text = staff
        .no("sato", &["recon", "import", &file("links.csv"), "--against", "issuer", "--party", "9", "--from", &day]);
    assert!(text.contains("issuer 9 is not registered"), "{text}");
    staff.ok(
        "sato",
        &["recon", "export", "--against", "issuer", "--party", "1", "--from", &day, "--out", &file("issuer.csv")],
    );
    let lines: Vec<String> =
        std::fs::read_to_string(town.path("issuer.csv")).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 4, "header, two taps, total: {lines:?}");
    let import = ["recon", "import", &file("issuer.csv"), "--against", "issuer", "--party", "1", "--from", &day];
    let text = staff.no("sato", &import);
    assert!(text.contains(&format!("{day} has not ended")), "{text}");

    // An issuer takes something back: never more than it paid, once for each of its references.
    let record = lines[2].split(',').nth(1).unwrap().to_owned();
    let dispute = |amount: &str, reference: &str, good: bool| {
        let why = "card was stolen";
        let args = ["recon", "dispute", &record, "--amount", amount, "--reference", reference, "--why", why];
        if good { staff.ok("sato", &args).to_string() } else { staff.no("sato", &args) }
    };
    let text = dispute("5001", "CB-1", false);
    assert!(text.contains("the issuer can take back ¥5,000, not ¥5,001"), "{text}");
    dispute("1000", "CB-1", true);
    assert!(dispute("1000", "CB-1", true).contains("unchanged"));
    let text = dispute("4001", "CB-2", false);
    assert!(text.contains("can take back ¥4,000, not ¥4,001"), "{text}");

    let open = staff.ok("sato", &["recon", "exceptions"]);
    let taken_back = open.as_array().unwrap().iter().find(|d| d["status"] == "chargeback").unwrap();
    let id = taken_back["difference"].as_str().unwrap();
    staff.decided(&staff.ok("suzuki", &["recon", "resolve", id, "booked_merchant", "--why", "no slip"]));

    // Who is nobody of [finance] sees and does nothing; who is no approver decides nothing.
    let config = std::fs::read_to_string(town.path("kazasu.toml")).unwrap();
    assert!(config.contains("staff = [\"sato\", \"suzuki\"]\napprovers = [\"suzuki\", \"tanaka\"]"));
    let text = staff.no("sato", &["decide", "1", "--approve", "--why", "x"]);
    assert!(text.contains("sato is no approver of [finance]"), "{text}");

    // The day ends. Acquirers and issuers that want to know are told; they answer.
    let mut link = kazasu_acquirer_sim::session::Session::open(&town.acquirer(1, &served)).unwrap();

    // Differences that nobody looks after keep it from being reconciled; asking again ends no other day.
    let text = staff.no("sato", &["day", "close", "--cut-over"]);
    assert!(
        text.contains(&format!("{day} was not compared with acquirer 27000001, issuer 1, issuer 2, issuer 3")),
        "what nobody compared is not reconciled: {text}"
    );
    assert!(link.receive(&link.keys.clone(), std::time::Duration::from_secs(3)).unwrap().is_none());
    let (closed_on, opens_on) = {
        let day = BusinessDay::parse(&day).unwrap();
        (day.mmdd(), day.next().mmdd())
    };
    assert_eq!(
        link.cutovers,
        [(NetworkCode::CutoverStart, Some(closed_on)), (NetworkCode::CutoverEnd, Some(opens_on))]
    );
    drop(link);
    let metrics = served.get("/metrics").1;
    for purpose in ["cutover_start", "cutover_end"] {
        let told = format!("kazasu_cutovers_told_total{{purpose=\"{purpose}\",outcome=\"00\"}} 1");
        assert!(metrics.contains(&told), "{told}\n{metrics}");
    }
    let spoilt = [lines[0].clone(), lines[1].replacen(",10000,", ",9900,", 1), "purchase,x".into()].join("\r\n");
    std::fs::write(town.path("issuer.csv"), spoilt).unwrap();
    let compared = staff.found("sato", &import);
    // What the unreadable line says is not known: nothing is missing, and the day is not compared with this issuer.
    assert_eq!(compared["statuses"], json!({ "amount_under": [1, 1], "undecided": [1, 0] }), "{compared}");
    assert_eq!((&compared["bad_lines"], &compared["differences"]), (&json!(1), &json!(1)));
    let again = staff.found("sato", &import);
    assert_eq!(
        (&again["known"], &again["bad_lines"]),
        (&json!(true), &json!(1)),
        "recognised, and as damaged as before"
    );
    let text = staff.no("sato", &["day", "close"]);
    assert!(text.contains("(lines of issuer 1 could not be read: read the mended file in)"), "{text}");
    let lacks = [lines[0].clone(), lines[1].replacen(",10000,", ",9900,", 1)].join("\r\n");
    std::fs::write(town.path("issuer.csv"), lacks).unwrap();
    let compared = staff.found("sato", &import);
    assert_eq!(compared["statuses"], json!({ "amount_under": [1, 1], "missing": [1, 0] }), "{compared}");
    // The same file twice is recognised, and says what the first run found.
    let again = staff.found("sato", &import);
    assert_eq!(again["known"], true, "{again}");
    for count in ["run", "ours", "theirs", "differences", "total", "matched_yen"] {
        assert_eq!(again[count], compared[count], "{count}: {again}");
    }
    assert_eq!(again["differences"], 2);
    // A file that was cut short says so by its own total, and changes nothing.
    std::fs::write(town.path("short.csv"), [&lines[0], &lines[1], &lines[3]].map(String::as_str).join("\r\n")).unwrap();
    let text = staff
        .no("sato", &["recon", "import", &file("short.csv"), "--against", "issuer", "--party", "1", "--from", &day]);
    assert!(text.contains("its total says 2 lines and 15000 yen, and it has 1 lines and 10000 yen"), "{text}");

    for (against, party) in [("acquirer", "27000001"), ("issuer", "2")] {
        let out = file(&format!("{against}.csv"));
        staff.ok("sato", &["recon", "export", "--against", against, "--party", party, "--from", &day, "--out", &out]);
        let import = ["recon", "import", &out, "--against", against, "--party", party, "--from", &day];
        assert_eq!(staff.ok("sato", &import)["total"], "agrees");
    }
    let text = staff.no("sato", &["day", "close", "--without", "issuer 4"]);
    assert!(text.contains("\"issuer 4\" had no taps"), "{text}");
    let close = ["day", "close", "--cut-over", "--without", "issuer 3"];
    let text = staff.no("sato", &close);
    assert!(text.contains("2 differences of"), "{text}");
    let text = staff.no("sato", &close);
    assert!(text.contains(&day), "{text}");
    let open = staff.ok("sato", &["recon", "exceptions"]);
    for difference in open.as_array().unwrap() {
        let id = difference["difference"].as_str().unwrap();
        staff.ok("sato", &["recon", "note", &id[..12], "asked the issuer", "--owner", "sato"]);
        if difference["status"] == "amount_under" {
            staff.decided(&staff.ok("suzuki", &["recon", "resolve", id, "booked_issuer", "--why", "agreed"]));
        }
    }
    // What was booked as the issuer's is the issuer's already: it cannot be taken back once more.
    let first = lines[1].split(',').nth(1).unwrap();
    let text = staff.no(
        "sato",
        &["recon", "dispute", first, "--amount", "9901", "--reference", "CB-3", "--why", "card was stolen"],
    );
    assert!(text.contains("can take back ¥9,900, not ¥9,901"), "{text}");
    let closed = staff.ok("sato", &["day", "close", "--without", "issuer 3"]);
    assert_eq!(closed["day"], day.as_str());
    let days = staff.ok("sato", &["day", "status"]);
    assert_eq!((&days[1]["state"], &days[1]["open_differences"]), (&json!("signed"), &json!(1)));

    // A small shop: nothing up to ¥100,000 a month, so what it took is what it gets.
    let settlements = staff.ok("sato", &["settle"]);
    assert_eq!(settlements.as_array().unwrap().len(), 1);
    assert_eq!(
        (&settlements[0]["gross_yen"], &settlements[0]["fee_yen"], &settlements[0]["paid_yen"]),
        (&json!(69_000), &json!(0), &json!(68_000))
    );
    assert_eq!(settlements[0]["chargebacks_yen"], 1_000);

    // Paying takes two people; the file is made once; the bank's statement closes it, and what comes back is owed again.
    // A statement that is read today has no movement of a later day than banks book today's.
    let on = Calendar::built_in().add_business_days(kazasu_engine::clock::now().jst_day(), 0).unwrap();
    let value_day = on.to_string();
    let proposed =
        staff.ok("suzuki", &["payout", "propose", "--value-day", &value_day, "--settlement", "1", "--why", "settled"]);
    let payout = proposed["proposal"].to_string();
    let text = staff.no("tanaka", &["payout", "file", &payout]);
    assert!(text.contains("is not approved"), "{text}");
    staff.decided(&proposed);
    let text = staff.no("suzuki", &["payout", "propose", "--value-day", &value_day, "--why", "once more"]);
    assert!(text.contains("none is due with a value day on or before"), "{text}");
    let bank = file("bank");
    let made = staff.ok("tanaka", &["payout", "file", &payout, "--out", &bank]);
    let bytes = std::fs::read(made["files"][0]["path"].as_str().unwrap()).unwrap();
    let groups = transfer::read(&bytes, on).unwrap();
    assert_eq!(groups[0].payments[0].amount, Yen::new(68_000));
    assert!(staff.no("tanaka", &["payout", "file", &payout, "--format", "pain001"]).contains("one file, in one form"));
    let header = |account| statement::Header {
        created: on,
        from: on,
        to: on,
        bank: "9999".parse().unwrap(),
        bank_name: "ﾐﾅﾄ".into(),
        branch: "001".parse().unwrap(),
        branch_name: "ﾎﾝﾃﾝ".into(),
        kind: AccountKind::Ordinary,
        number: statement::LongAccountNumber::new(account).unwrap(),
        account_name: "ｶｻﾞｽ".into(),
        opening_balance: None,
    };
    let entry = |direction, yen, payer: &str, edi: &str| Entry {
        inquiry_number: 0,
        posting_date: on,
        value_date: on,
        direction,
        kind: TransactionKind::Transfer,
        amount: Yen::new(yen),
        uncleared: Yen::ZERO,
        payer_code: String::new(),
        payer_name: payer.into(),
        bank_name: "ﾐﾅﾄ".into(),
        branch_name: "ﾎﾝﾃﾝ".into(),
        remarks: String::new(),
        edi: edi.into(),
    };
    let entries = [
        entry(Direction::Out, 68_000, "ﾌﾘｺﾐ", ""),
        entry(Direction::In, 68_000, "ﾌﾘｺﾐ", &format!("P{payout}-1")),
        // 15,000 of two taps, less what was booked as its and less what it took back.
        entry(Direction::In, 13_900, "ｻｸﾗｶ-ﾄﾞ", ""),
        entry(Direction::In, 1, "ﾀﾞﾚｶ", ""),
    ];
    let read = |account| {
        let header = header(account);
        let sheet = statement::Sheet { header: &header, entries: &entries, closing_balance: None };
        std::fs::write(town.path("statement.txt"), statement::write(&[sheet], LineEnding::CrLf).unwrap()).unwrap();
        // A line is left open each time.
        let out = staff.run("tanaka", &["payout", "statement", &file("statement.txt")]);
        assert_eq!(out.status.code(), Some(1));
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    assert_eq!(read(7_777_777)["unmatched"].as_array().unwrap().len(), 4, "another account's statement is nobody's");
    // A look books nothing; nor does a file that was cut off, or one whose sum is wrong.
    let statement = file("statement.txt");
    read(7_777_777);
    let right = header(1_000_001);
    let sheet = statement::Sheet { header: &right, entries: &entries, closing_balance: None };
    let bytes = statement::write(&[sheet], LineEnding::CrLf).unwrap();
    let look = |bytes: &[u8], more: &[&str]| {
        std::fs::write(&statement, bytes).unwrap();
        let out = staff.run("tanaka", &[&["payout", "statement", &statement], more].concat());
        assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let seen = look(&bytes, &["--dry-run"]);
    assert_eq!((seen["dry_run"].as_bool(), seen["taken"].as_array().unwrap().len()), (Some(true), 1), "{seen}");
    let mut wrong = bytes.clone();
    wrong[5 * 202 + 38] ^= 1;
    for damaged in [&bytes[..5 * 202], &wrong[..]] {
        let seen = look(damaged, &[]);
        assert_eq!(
            (seen["damaged"].as_bool(), &seen["taken"], &seen["received"]),
            (Some(true), &json!([]), &json!([])),
            "{seen}"
        );
        assert!(!seen["bad_records"].as_array().unwrap().is_empty());
    }
    let done = read(1_000_001);
    assert_eq!((done["taken"].as_array().unwrap().len(), done["returned"].as_array().unwrap().len()), (1, 1), "{done}");
    assert_eq!(done["received"], json!([{ "issuer": 1, "yen": 13_900 }]), "{done}");
    assert_eq!(done["unmatched"].as_array().unwrap().len(), 1, "{done}");
    let again = read(1_000_001);
    assert_eq!((&again["received"], &again["unmatched"].as_array().unwrap().len()), (&json!([]), &1), "{again}");
    assert_eq!(staff.ok("sato", &["settle"])[0]["state"], "returned");
    // What the statement booked looks like what is booked by hand; two people undo what was wrong.
    let by_hand = ["settle", "--received-from", "issuer 1", "--amount", "13900", "--reference", "2026-12"];
    assert!(staff.no("sato", &by_hand).contains("likely a double"));
    staff.ok("sato", &[&by_hand[..], &["--another", "two invoices"]].concat());
    let undo = ["payout", "undo", "2026-12", "--received-from", "issuer 1", "--why", "it was one invoice"];
    staff.decided(&staff.ok("suzuki", &undo));
    assert!(staff.no("suzuki", &undo).contains("was undone before"));
    let not_ours =
        staff.ok("tanaka", &["payout", "statement", &statement, "--line", "5", "--not-ours", "--why", "rent"]);
    assert_eq!(not_ours["set_aside"][0]["record"], 5, "{not_ours}");
    staff.ok("tanaka", &["settle", "--received-from", "issuer 2", "--amount", "4000", "--reference", "2026-11"]);

    let issuers = staff.ok("sato", &["report", "issuers"]).to_string();
    assert!(!issuers.contains("error"), "{issuers}");
    // One tap's whole story.
    let record = lines[1].split(',').nth(1).unwrap().to_owned();
    let story = staff.ok("sato", &["ledger", "explain", &record]);
    let what: Vec<&str> = story["steps"].as_array().unwrap().iter().map(|s| s["what"].as_str().unwrap()).collect();
    for step in ["tapped", "issuer_answered", "merchant_settled", "payout_approved", "payout_taken", "payout_returned"]
    {
        assert!(what.contains(&step), "{step} in {what:?}");
    }
    assert_eq!(story["steps"][0]["policy_version"], 1);

    // Reports in every format.
    let balance = staff.ok("sato", &["report", "trial-balance", "--day", &day]);
    let totals = balance.to_string();
    assert!(totals.contains("fee income") || totals.contains("merchant payable"), "{totals}");
    for kind in
        ["settlements", "issuers", "cities", "fees", "exceptions", "prepaid", "stand-in", "flagged", "trial-balance"]
    {
        let out = file(&format!("{kind}.xlsx"));
        staff.ok("sato", &["report", kind, "--out", &out]);
        let mut book: calamine::Xlsx<_> = calamine::open_workbook(&out).unwrap();
        use calamine::Reader;
        assert!(!book.sheet_names().is_empty(), "{kind}");
        let first = book.sheet_names()[0].clone();
        assert!(book.worksheet_range(&first).unwrap().height() > 2, "{kind}");
    }
    staff
        .ok("sato", &["report", "settlement-detail", "--settlement", "1", "--out", &file("detail.csv"), "--shift-jis"]);
    let sjis = std::fs::read(town.path("detail.csv")).unwrap();
    assert!(encoding_rs::SHIFT_JIS.decode(&sjis).0.contains("項目"));
    let letter = staff.run("sato", &["report", "settlement-detail", "--settlement", "1", "--out", &file("letter.pdf")]);
    match letter.status.success() {
        true => assert!(std::fs::read(town.path("letter.pdf")).unwrap().starts_with(b"%PDF-")),
        // Without a Japanese font, the error says which package has one.
        false => assert!(String::from_utf8_lossy(&letter.stderr).contains("fonts-ipaexfont-gothic")),
    }
    served.stop();

    // The auditor's copy, offline.
    let verified: Value = serde_json::from_slice(&journal(&town, &["verify", "--json"]).stdout).unwrap();
    assert_eq!((&verified["verified"], &verified["signed"]["days"]), (&json!(true), &json!(1)), "{verified}");
    let key = verified["signed"]["keys"][0].as_str().unwrap();
    assert!(journal(&town, &["verify", "--trusted-key", key]).status.success());
    let stranger = journal(&town, &["verify", "--trusted-key", &"00".repeat(32)]);
    assert_eq!(stranger.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stranger.stderr).contains("is not among the trusted keys"));
    let out = town.path("export");
    assert!(journal(&town, &["export", "--out", out.to_str().unwrap()]).status.success());
    let transfers = std::fs::read_to_string(out.join("transfers.csv")).unwrap();
    assert!(transfers.starts_with("seq,leg,kind,debit,credit,amount,unit") && transfers.lines().count() > 10);
    assert!(out.join("DICTIONARY.md").is_file());
}

/// A file with lines that cannot be read calls nothing missing; a mended one ends what an earlier one opened, by itself.
#[test]
fn a_mended_file_ends_what_an_earlier_one_opened() {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let staff = Staff { town: &town };
    let file = |name: &str| town.path(name).to_str().unwrap().to_owned();
    taps(&town, &served, &[("credit-ok", 1_000), ("credit-ok", 2_000), ("credit-ok", 3_000)]);
    served.drained();
    let day = staff.ok("sato", &["day", "status"])[0]["day"].as_str().unwrap().to_owned();
    staff.run("sato", &["day", "close", "--cut-over"]);
    let path = file("issuer.csv");
    staff.ok("sato", &["recon", "export", "--against", "issuer", "--party", "1", "--from", &day, "--out", &path]);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let import = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let out = staff.run("sato", &["recon", "import", &path, "--against", "issuer", "--party", "1", "--from", &day]);
        let told: Value = serde_json::from_slice(&out.stdout).unwrap();
        (out.status.code(), told)
    };
    let open = || staff.ok("sato", &["recon", "exceptions"]).as_array().unwrap().clone();

    // Every line unreadable, then one.
    let (code, told) = import(&text.replace(",392,", ",yen,"));
    assert_eq!((code, &told["statuses"], &told["bad_lines"]), (Some(1), &json!({ "undecided": [3, 0] }), &json!(3)));
    let (code, told) = import(&text.replacen(",392,", ",yen,", 1));
    assert_eq!((code, &told["statuses"]), (Some(1), &json!({ "matched": [2, 2], "undecided": [1, 0] })), "{told}");
    assert_eq!(open(), Vec::<Value>::new());
    // Two lines lack, and one of them comes with another amount.
    let (code, told) = import(&[lines[0], lines[1]].join("\n"));
    assert_eq!((code, &told["statuses"]), (Some(1), &json!({ "matched": [1, 1], "missing": [2, 0] })), "{told}");
    assert_eq!(open().len(), 2);
    let (code, told) = import(&[lines[0], lines[1], lines[2], &lines[3].replacen(",3000,", ",2900,", 1)].join("\n"));
    assert_eq!((code, &told["ended"]), (Some(1), &json!(2)), "{told}");
    let left = open();
    assert_eq!((left.len(), &left[0]["status"], &left[0]["theirs_yen"]), (1, &json!("amount_under"), &json!(2_900)));
    // The right file ends the rest; who brought it and why is told.
    let (code, told) = import(&text);
    assert_eq!((code, &told["ended"], &told["differences"]), (Some(0), &json!(1), &json!(0)), "{told}");
    assert_eq!(open(), Vec::<Value>::new());
    let all = staff.ok("sato", &["recon", "exceptions", "--all"]);
    for d in all.as_array().unwrap() {
        assert_eq!(d["resolved"]["how"], "explained", "{d}");
        assert!(d["notes"].to_string().contains("a later file has it"), "{d}");
        assert_eq!(d["notes"][0]["by"], "sato");
    }
    served.stop();
}

#[test]
fn the_day_demo_finds_exactly_what_was_planted() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let args =
        ["demo", "--day", "--data", data.to_str().unwrap(), "--taps", "1200", "--rate", "300", "--exit", "--json"];
    for day in 0..2 {
        let out = kazasu(&args);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let value: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(
            (&value["planted"], &value["found"], &value["unexplained"]),
            (&json!(5), &json!(5), &json!(0)),
            "{value}"
        );
        assert_eq!(value["verified"], true);
        assert!(
            value["settled_yen"].as_i64().unwrap() > 0 && value["fees_yen"].as_i64().unwrap() > 0,
            "day {day}: {value}"
        );
    }
}
