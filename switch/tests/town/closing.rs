//! Closing a day on a real switch, from the command line: contracts, files, exceptions, settlements, payouts, signatures, reports.

mod accounts;
mod cashier;
mod export;
mod mended;
mod month;

use crate::bank;
use crate::codes::APPROVED;
use crate::harness::{Served, Town, kazasu, requested};
use kazasu_acquirer_sim::scenario::{Scenario, play};
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::Town as Sample;
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::NetworkCode;
use kazasu_schemas::zengin::statement::{Direction, Entry};
use kazasu_schemas::zengin::transfer;
use serde_json::{Value, json};
use std::process::Output;
use std::time::Duration;

/// The people of the sample's [finance]: sato and suzuki prepare, suzuki and tanaka approve.
#[derive(Clone, Copy)]
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
        let (number, fingerprint) = requested(proposal);
        let approve = |why| ["approval", "approve", &number, "--fingerprint", &fingerprint[..12], "--why", why];
        let text = self.no("suzuki", &approve("x"));
        assert!(text.contains("another person decides it"), "{text}");
        self.ok("tanaka", &approve("checked"));
    }

    /// The path of a file in the town's folder.
    fn file(&self, name: &str) -> String {
        self.town.path(name).to_str().unwrap().to_owned()
    }
}

fn taps(town: &Town, served: &Served, steps: &[(&str, u32)]) {
    let step = |(card, yen): &(&str, u32)| {
        format!(
            "[[step]]\nsend = 'purchase'\ncard = '{card}'\nat = 'shop'\namount = {yen}\npin = true\nexpect = {{ code = '{APPROVED}' }}\n"
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

/// What residents pay at the shop on the day that is closed: with a credit card of issuer 1, from an account in the switch,
/// from an account at issuer 3, with the credit card again, with a debit card of issuer 2.
const PAYMENTS: [(&str, u32); 5] =
    [("credit-ok", 10_000), ("on-us-rich", 20_000), ("bank-ok", 30_000), ("credit-ok", 5_000), ("debit-ok", 4_000)];
/// All of it.
const GROSS: i64 = 69_000;
/// The part that issuer 1 owes.
const OF_ISSUER_1: i64 = 15_000;
/// By so much the payment of ¥10,000 is less in issuer 1's file.
const LESS: i64 = 100;
/// So much of the payment of ¥5,000 does issuer 1 take back.
const TAKEN_BACK: i64 = 1_000;
/// What the shop gets.
const PAID_OUT: i64 = GROSS - TAKEN_BACK;
/// What issuer 1 pays.
const RECEIVED: i64 = OF_ISSUER_1 - LESS - TAKEN_BACK;

/// The acquirer whose shop took the payments.
const ACQUIRER: &str = "27000001";
/// The shop's settlement of the day; there is no other.
const SETTLEMENT: &str = "1";
/// The account that the sample's [payout] names.
const OUR_ACCOUNT: u64 = 1_000_001;
const ANOTHER_ACCOUNT: u64 = 7_777_777;

/// A day that is being closed: what the first steps found out and the later ones need.
struct Day<'a> {
    staff: Staff<'a>,
    /// The business day, as people write it.
    date: String,
    /// The lines that issuer 1's file must have: header, the payments of ¥10,000 and ¥5,000, total.
    lines: Vec<String>,
}

/// A payout whose file was made, and the day on which the bank books it.
struct Payout {
    number: String,
    on: BusinessDay,
}

#[test]
fn a_day_is_closed_with_every_yen_explained() {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let staff = Staff { town: &town };
    contracts_are_agreed_by_two_people(&staff);
    let date = payments_are_taken(&staff, &served);
    let lines = no_file_is_compared_before_the_day_has_ended(&staff, &date);
    let day = Day { staff, date, lines };
    an_issuer_takes_back_no_more_than_it_paid(&day);
    only_people_of_finance_act_and_only_approvers_decide(&day);
    the_day_is_cut_over_and_others_are_told(&day, &served);
    a_file_with_an_unreadable_line_compares_nothing(&day);
    the_mended_file_shows_what_differs(&day);
    the_other_parties_agree(&day);
    differences_are_looked_after_and_resolved(&day);
    the_day_is_closed_and_signed(&day);
    the_shop_is_settled(&day);
    let payout = the_payout_is_approved(&day);
    // The power goes between the approval and the file.
    served.kill();
    let served = town.serve();
    served.issuers_up(3);
    accounts::change(&staff, "2088888");
    its_file_is_made_once(&day, &payout);
    let statement = BankStatement::of(&day, &payout);
    a_wrong_or_damaged_statement_books_nothing(&statement);
    the_banks_statement_is_booked_once(&statement);
    a_payment_that_was_booked_twice_by_hand_is_undone(&statement);
    one_payment_is_explained(&day);
    reports_are_made_in_every_format(&day);
    month::the_month_says_what_is_missing(&day);
    the_shop_gets_its_settlement_in_detail(&day);
    cashier::does_not_see_what_the_shop_is_paid(&day, &served);
    a_generated_client_asks_for_a_refund_and_reads_the_payout(&day, &served);
    served.stop();
    the_auditor_verifies_the_journal_offline(&town);
}

/// Wrong ones name their lines, right ones take two people.
fn contracts_are_agreed_by_two_people(staff: &Staff<'_>) {
    let text = std::fs::read_to_string(staff.file("contracts.toml")).unwrap();
    std::fs::write(
        staff.file("wrong.toml"),
        text.replace("\"2.48%\"", "\"248%\"").replace("cycle = \"daily\"", "cycle = \"hourly\""),
    )
    .unwrap();
    let problems = staff.no("suzuki", &["contract", "propose", &staff.file("wrong.toml"), "--why", "x"]);
    assert!(problems.contains("line") && problems.contains("248%") && problems.contains("hourly"), "{problems}");
    staff.decided(&staff.ok("suzuki", &["contract", "propose", &staff.file("contracts.toml"), "--why", "year"]));
}

/// Gives the business day on which they were taken.
fn payments_are_taken(staff: &Staff<'_>, served: &Served) -> String {
    taps(staff.town, served, &PAYMENTS);
    served.drained();
    let days = staff.ok("sato", &["day", "status"]);
    assert_eq!(days[0]["state"], "open");
    days[0]["day"].as_str().unwrap().to_owned()
}

/// Arguments that read a party's file of a day in.
fn import_args<'a>(file: &'a str, against: &'a str, party: &'a str, date: &'a str) -> [&'a str; 9] {
    ["recon", "import", file, "--against", against, "--party", party, "--from", date]
}

/// Arguments that write the file that a party should have of a day.
fn export_args<'a>(file: &'a str, against: &'a str, party: &'a str, date: &'a str) -> [&'a str; 12] {
    ["recon", "export", "--against", against, "--party", party, "--from", date, "--why", "a test", "--out", file]
}

/// Gives the lines of the file that issuer 1 should have.
fn no_file_is_compared_before_the_day_has_ended(staff: &Staff<'_>, date: &str) -> Vec<String> {
    let text = staff.no("sato", &import_args(&staff.file("links.csv"), "issuer", "9", date));
    assert!(text.contains("issuer 9 is not registered"), "{text}");
    let file = staff.file("issuer.csv");
    staff.ok("sato", &export_args(&file, "issuer", "1", date));
    let lines: Vec<String> = std::fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 4, "header, two taps, total: {lines:?}");
    let text = staff.no("sato", &import_args(&file, "issuer", "1", date));
    assert!(text.contains(&format!("{date} has not ended")), "{text}");
    lines
}

/// The record that a line of a party's file is about.
fn record(line: &str) -> &str {
    line.split(',').nth(1).unwrap()
}

/// Arguments of a chargeback.
fn dispute_args<'a>(record: &'a str, yen: &'a str, reference: &'a str) -> [&'a str; 9] {
    ["recon", "dispute", record, "--amount", yen, "--reference", reference, "--why", "card was stolen"]
}

/// Each part once for each of the issuer's references. Two people decide who bears it.
fn an_issuer_takes_back_no_more_than_it_paid(day: &Day<'_>) {
    let staff = &day.staff;
    // The payment of ¥5,000.
    let record = record(&day.lines[2]);
    let text = staff.no("sato", &dispute_args(record, "5001", "CB-1"));
    assert!(text.contains("the issuer can take back ¥5,000, not ¥5,001"), "{text}");
    let part = TAKEN_BACK.to_string();
    staff.ok("sato", &dispute_args(record, &part, "CB-1"));
    assert!(staff.ok("sato", &dispute_args(record, &part, "CB-1")).to_string().contains("unchanged"));
    let text = staff.no("sato", &dispute_args(record, "4001", "CB-2"));
    assert!(text.contains("can take back ¥4,000, not ¥4,001"), "{text}");

    let open = staff.ok("sato", &["recon", "exceptions"]);
    let taken_back = open.as_array().unwrap().iter().find(|d| d["status"] == "chargeback").unwrap();
    let id = taken_back["exception"].as_str().unwrap();
    staff.decided(&staff.ok("suzuki", &["recon", "resolve", id, "booked_merchant", "--why", "no slip"]));
}

fn only_people_of_finance_act_and_only_approvers_decide(day: &Day<'_>) {
    let config = std::fs::read_to_string(day.staff.town.config()).unwrap();
    assert!(config.contains("staff = [\"sato\", \"suzuki\"]\napprovers = [\"suzuki\", \"tanaka\"]"));
    let file = day.staff.file("contracts.toml");
    let (number, fingerprint) = requested(&day.staff.ok("suzuki", &["contract", "propose", &file, "--why", "x"]));
    let approve = ["approval", "approve", &number, "--fingerprint", &fingerprint, "--why", "x"];
    let text = day.staff.no("sato", &approve);
    assert!(text.contains("this takes finance-approver"), "{text}");
    day.staff.ok("suzuki", &["approval", "withdraw", &number, "--why", "only to see"]);
}

/// Acquirers and issuers that want to know are told, and answer. A day that was compared with none of them is not reconciled;
/// asking again ends no other day.
fn the_day_is_cut_over_and_others_are_told(day: &Day<'_>, served: &Served) {
    let (staff, date) = (&day.staff, &day.date);
    let mut link = Session::open(&staff.town.acquirer(1, served)).unwrap();
    let text = staff.no("sato", &["day", "close", "--cut-over"]);
    assert!(
        text.contains(&format!("{date} was not compared with acquirer {ACQUIRER}, issuer 1, issuer 2, issuer 3")),
        "a day that was not compared is not reconciled: {text}"
    );
    let keys = link.keys.clone();
    assert!(link.receive(&keys, Duration::from_secs(3)).unwrap().is_none());
    let (closed_on, opens_on) = {
        let day = BusinessDay::parse(date).unwrap();
        (day.mmdd(), day.next().mmdd())
    };
    assert_eq!(
        link.cutovers,
        [(NetworkCode::CutoverStart, Some(closed_on)), (NetworkCode::CutoverEnd, Some(opens_on))]
    );
    drop(link);
    let metrics = served.get("/metrics").1;
    for purpose in ["cutover_start", "cutover_end"] {
        let told = format!("kazasu_cutovers_notified_total{{purpose=\"{purpose}\",outcome=\"{APPROVED}\"}} 1");
        assert!(metrics.contains(&told), "{told}\n{metrics}");
    }
}

impl Day<'_> {
    /// The payment of ¥10,000 as issuer 1's file has it.
    fn less(&self) -> String {
        self.lines[1].replacen(",10000,", &format!(",{},", 10_000 - LESS), 1)
    }
}

/// What the unreadable line says is not known: nothing is missing, and the day is not compared with this issuer.
fn a_file_with_an_unreadable_line_compares_nothing(day: &Day<'_>) {
    let staff = &day.staff;
    let file = staff.file("issuer.csv");
    let import = import_args(&file, "issuer", "1", &day.date);
    std::fs::write(&file, [day.lines[0].as_str(), &day.less(), "purchase,x"].join("\r\n")).unwrap();
    let compared = staff.found("sato", &import);
    assert_eq!(compared["statuses"], json!({ "amount_under": [1, 1], "undecided": [1, 0] }), "{compared}");
    assert_eq!((&compared["bad_lines"], &compared["exceptions"]), (&json!(1), &json!(1)));
    let again = staff.found("sato", &import);
    assert_eq!(
        (&again["known"], &again["bad_lines"]),
        (&json!(true), &json!(1)),
        "recognised, and as damaged as before"
    );
    let text = staff.no("sato", &["day", "close"]);
    assert!(text.contains("(lines of issuer 1 could not be read: read the mended file in)"), "{text}");
}

/// The payment of ¥10,000 is less, the one of ¥5,000 is missing.
fn the_mended_file_shows_what_differs(day: &Day<'_>) {
    let (staff, lines) = (&day.staff, &day.lines);
    let file = staff.file("issuer.csv");
    let mended = import_args(&file, "issuer", "1", &day.date);
    std::fs::write(&file, [lines[0].as_str(), &day.less()].join("\r\n")).unwrap();
    let compared = staff.found("sato", &mended);
    assert_eq!(compared["statuses"], json!({ "amount_under": [1, 1], "missing": [1, 0] }), "{compared}");
    // The same file twice is recognised, and says what the first run found.
    let again = staff.found("sato", &mended);
    assert_eq!(again["known"], true, "{again}");
    for count in ["run", "ours", "theirs", "exceptions", "total", "matched_yen"] {
        assert_eq!(again[count], compared[count], "{count}: {again}");
    }
    assert_eq!(again["exceptions"], 2);
    // A file that was cut short says so by its own total, and changes nothing.
    let short = staff.file("short.csv");
    std::fs::write(&short, [&lines[0], &lines[1], &lines[3]].map(String::as_str).join("\r\n")).unwrap();
    let text = staff.no("sato", &import_args(&short, "issuer", "1", &day.date));
    assert!(text.contains("its total says 2 lines and ¥15,000, and it has 1 lines and ¥10,000"), "{text}");
}

/// Issuer 3 sends no file, which a person says; two exceptions with issuer 1 keep the day from being closed.
fn the_other_parties_agree(day: &Day<'_>) {
    let staff = &day.staff;
    for (against, party) in [("acquirer", ACQUIRER), ("issuer", "2")] {
        let file = staff.file(&format!("{against}.csv"));
        staff.ok("sato", &export_args(&file, against, party, &day.date));
        assert_eq!(staff.ok("sato", &import_args(&file, against, party, &day.date))["total"], "agrees");
    }
    let text = staff.no("sato", &["day", "close", "--without", "issuer 4"]);
    assert!(text.contains("\"issuer 4\" had no taps"), "{text}");
    let close = ["day", "close", "--cut-over", "--without", "issuer 3"];
    let text = staff.no("sato", &close);
    assert!(text.contains("2 exceptions of"), "{text}");
    let text = staff.no("sato", &close);
    assert!(text.contains(&day.date), "{text}");
}

/// Each gets an owner. The amount that is less is booked as the issuer's by two people; the missing payment stays open.
fn differences_are_looked_after_and_resolved(day: &Day<'_>) {
    let staff = &day.staff;
    let open = staff.ok("sato", &["recon", "exceptions"]);
    for exception in open.as_array().unwrap() {
        let id = exception["exception"].as_str().unwrap();
        staff.ok("sato", &["recon", "note", &id[..12], "asked the issuer", "--owner", "sato"]);
        if exception["status"] == "amount_under" {
            staff.decided(&staff.ok("suzuki", &["recon", "resolve", id, "booked_issuer", "--why", "agreed"]));
        }
    }
    // What was booked as the issuer's is the issuer's already: it cannot be taken back once more.
    let text = staff.no("sato", &dispute_args(record(&day.lines[1]), "9901", "CB-3"));
    assert!(text.contains("can take back ¥9,900, not ¥9,901"), "{text}");
}

fn the_day_is_closed_and_signed(day: &Day<'_>) {
    let closed = day.staff.ok("sato", &["day", "close", "--without", "issuer 3"]);
    assert_eq!(closed["day"], day.date.as_str());
    let days = day.staff.ok("sato", &["day", "status"]);
    assert_eq!((&days[1]["state"], &days[1]["open_exceptions"]), (&json!("signed"), &json!(1)));
    let marks = days[1]["marks"].as_array().unwrap().iter().map(|mark| (mark["state"].clone(), mark["via"].clone()));
    let by_command = ["cut_over", "reconciled", "settled"].map(|state| (json!(state), json!("cli")));
    let expected: Vec<_> = by_command.into_iter().chain([(json!("signed"), Value::Null)]).collect();
    assert_eq!(
        marks.collect::<Vec<_>>(),
        expected,
        "people said it at the command line; the signature is a record of its own"
    );
}

/// A small shop: nothing up to ¥100,000 a month, so what it took is what it gets.
fn the_shop_is_settled(day: &Day<'_>) {
    let settlements = day.staff.ok("sato", &["settle"]);
    assert_eq!(settlements.as_array().unwrap().len(), 1);
    assert_eq!(
        (&settlements[0]["gross_yen"], &settlements[0]["fee_yen"], &settlements[0]["paid_yen"]),
        (&json!(GROSS), &json!(0), &json!(PAID_OUT))
    );
    assert_eq!(settlements[0]["chargebacks_yen"], TAKEN_BACK);
}

/// Paying takes two people, to the accounts that they saw.
fn the_payout_is_approved(day: &Day<'_>) -> Payout {
    let staff = &day.staff;
    // A statement that is read today has no movement of a later day than banks book today's.
    let on = Calendar::built_in().add_business_days(kazasu_engine::clock::now().jst_day(), 0).unwrap();
    let value_date = on.to_string();
    let propose = ["payout", "propose", "--value-date", &value_date, "--settlement", SETTLEMENT, "--why", "settled"];
    accounts::a_payout_to_an_account_of_before_is_refused(staff, &propose);
    let proposed = staff.ok("suzuki", &propose);
    let number = proposed["proposal"].to_string();
    let text = staff.no("tanaka", &["payout", "file", &number, "--why", "payday"]);
    assert!(text.contains("is not approved"), "{text}");
    staff.decided(&proposed);
    let text = staff.no("suzuki", &["payout", "propose", "--value-date", &value_date, "--why", "once more"]);
    assert!(text.contains("none is due with a value date on or before"), "{text}");
    Payout { number, on }
}

/// The file pays to the account of the approval; later changes are for later payouts.
fn its_file_is_made_once(day: &Day<'_>, Payout { number, on }: &Payout) {
    let staff = &day.staff;
    let made = staff.ok("tanaka", &["payout", "file", number, "--out", &staff.file("bank"), "--why", "payday"]);
    let bytes = std::fs::read(made["files"][0]["path"].as_str().unwrap()).unwrap();
    let groups = transfer::read(&bytes, *on).unwrap();
    assert_eq!(groups[0].payments[0].amount, Yen::new(PAID_OUT));
    assert_eq!(groups[0].payments[0].account.number.to_string(), accounts::APPROVED_ACCOUNT);
    assert!(
        staff
            .no("tanaka", &["payout", "file", number, "--format", "pain001", "--why", "payday"])
            .contains("one file, in one form")
    );
}

/// What the bank booked: the payout left and came back, issuer 1 paid, and a stranger sent a yen. The last line stays open.
struct BankStatement<'a> {
    staff: Staff<'a>,
    on: BusinessDay,
    entries: [Entry; 4],
}

impl<'a> BankStatement<'a> {
    fn of(day: &Day<'a>, payout: &Payout) -> BankStatement<'a> {
        let on = payout.on;
        let entries = [
            bank::entry(on, Direction::Out, PAID_OUT, "ﾌﾘｺﾐ", ""),
            bank::entry(on, Direction::In, PAID_OUT, "ﾌﾘｺﾐ", &format!("P{}-1", payout.number)),
            bank::entry(on, Direction::In, RECEIVED, "ｻｸﾗｶ-ﾄﾞ", ""),
            bank::entry(on, Direction::In, 1, "ﾀﾞﾚｶ", ""),
        ];
        BankStatement { staff: day.staff, on, entries }
    }

    /// Its file, as a statement of this account.
    fn file(&self, account: u64) -> Vec<u8> {
        bank::file(&bank::header(self.on, account, "ｶｻﾞｽ"), &self.entries)
    }

    fn path(&self) -> String {
        self.staff.file("statement.txt")
    }

    /// Reads a file in. A line is left open each time.
    fn read(&self, file: &[u8], more: &[&str]) -> Value {
        let path = self.path();
        std::fs::write(&path, file).unwrap();
        let read = self.staff.found("tanaka", &[&["payout", "statement", &path][..], more].concat());
        is_told_in_japanese(&read);
        read
    }
}

/// Each reason of a statement's answer is there in Japanese, without an English word.
fn is_told_in_japanese(read: &Value) {
    let list = |name: &str| read[name].as_array().cloned().unwrap_or_default();
    let open = list("unmatched");
    let candidates = open.iter().flat_map(|line| line["candidates"].as_array().cloned().unwrap_or_default());
    let whys = open.iter().chain(&list("set_aside")).map(|line| line["why_ja"].clone()).collect::<Vec<_>>();
    let told = whys.into_iter().chain(candidates.map(|candidate| candidate["what_ja"].clone()));
    for text in told.chain(list("bad_records_ja")) {
        let text = text.as_str().unwrap();
        assert!(!text.is_empty(), "{read}");
        assert_eq!(kazasu_text::latin::words(text), [""; 0], "{text}");
    }
}

/// A look books nothing; nor does another account's statement, a file that was cut off, or one whose sum is wrong.
fn a_wrong_or_damaged_statement_books_nothing(statement: &BankStatement<'_>) {
    let (ours, entries) = (statement.file(OUR_ACCOUNT), statement.entries.len());
    let others = statement.file(ANOTHER_ACCOUNT);
    let seen = statement.read(&others, &[]);
    assert_eq!(seen["unmatched"].as_array().unwrap().len(), entries, "another account's movements are not ours");
    statement.read(&others, &[]);
    let seen = statement.read(&ours, &["--dry-run"]);
    assert_eq!((seen["dry_run"].as_bool(), seen["taken"].as_array().unwrap().len()), (Some(true), 1), "{seen}");
    let wrong_sum = bank::with_wrong_sum(&ours, entries);
    for damaged in [bank::without_trailer(&ours, entries), &wrong_sum[..]] {
        let seen = statement.read(damaged, &[]);
        assert_eq!(
            (seen["damaged"].as_bool(), &seen["taken"], &seen["received"]),
            (Some(true), &json!([]), &json!([])),
            "{seen}"
        );
        assert!(!seen["bad_records"].as_array().unwrap().is_empty());
    }
}

/// The bank took the payout and sent it back, so the shop is owed again.
fn the_banks_statement_is_booked_once(statement: &BankStatement<'_>) {
    let ours = statement.file(OUR_ACCOUNT);
    let done = statement.read(&ours, &[]);
    assert_eq!((done["taken"].as_array().unwrap().len(), done["returned"].as_array().unwrap().len()), (1, 1), "{done}");
    assert_eq!(done["received"], json!([{ "issuer": 1, "yen": RECEIVED }]), "{done}");
    assert_eq!(done["unmatched"].as_array().unwrap().len(), 1, "{done}");
    let again = statement.read(&ours, &[]);
    assert_eq!((&again["received"], &again["unmatched"].as_array().unwrap().len()), (&json!([]), &1), "{again}");
    assert_eq!(statement.staff.ok("sato", &["settle"])[0]["state"], "returned");
}

/// What the statement booked looks like what is booked by hand; two people undo what was wrong.
fn a_payment_that_was_booked_twice_by_hand_is_undone(statement: &BankStatement<'_>) {
    // The stranger's: records are counted from 1, and the first is the header.
    const OPEN_RECORD: usize = 5;
    let (staff, yen) = (&statement.staff, RECEIVED.to_string());
    let by_hand = ["settle", "--received-from", "issuer 1", "--amount", &yen, "--reference", "2026-12"];
    assert!(staff.no("sato", &by_hand).contains("likely a double"));
    staff.ok("sato", &[&by_hand[..], &["--another", "two invoices"]].concat());
    let undo = ["payout", "undo", "2026-12", "--received-from", "issuer 1", "--why", "it was one invoice"];
    staff.decided(&staff.ok("suzuki", &undo));
    assert!(staff.no("suzuki", &undo).contains("was undone before"));
    let (path, line) = (statement.path(), OPEN_RECORD.to_string());
    let not_ours = ["payout", "statement", &path, "--line", &line, "--not-ours", "--why", "rent"];
    let not_ours = staff.ok("tanaka", &not_ours);
    assert_eq!(not_ours["set_aside"][0]["record"], OPEN_RECORD, "{not_ours}");
    staff.ok("tanaka", &["settle", "--received-from", "issuer 2", "--amount", "4000", "--reference", "2026-11"]);
    let issuers = staff.ok("sato", &["report", "issuers", "--why", "a test"]).to_string();
    assert!(!issuers.contains("error"), "{issuers}");
}

/// A program of another language, whose client was generated from the document.
fn a_generated_client_asks_for_a_refund_and_reads_the_payout(day: &Day<'_>, served: &Served) {
    let town = day.staff.town;
    let payment = crate::corrections::pays(town, served, "debit-ok", 1_000);
    let said = crate::api::generated_client(served, &town.session("suzuki"), &payment);
    assert!(said["refund"]["proposal"].is_u64(), "{said}");
    assert_eq!(said["payouts"][0]["total_yen"], PAID_OUT, "{said}");
}

/// Its whole story, from the tap to the payout that came back.
fn one_payment_is_explained(day: &Day<'_>) {
    let story = day.staff.ok("sato", &["ledger", "explain", record(&day.lines[1]), "--why", "a call"]);
    let what: Vec<&str> = story["steps"].as_array().unwrap().iter().map(|s| s["what"].as_str().unwrap()).collect();
    for step in ["tapped", "issuer_answered", "merchant_settled", "payout_approved", "payout_taken", "payout_returned"]
    {
        assert!(what.contains(&step), "{step} in {what:?}");
    }
    assert_eq!(story["steps"][0]["policy_version"], 1);
}

fn reports_are_made_in_every_format(day: &Day<'_>) {
    use calamine::Reader;
    let staff = &day.staff;
    let balance = staff.ok("sato", &["report", "trial-balance", "--day", &day.date, "--why", "a test"]);
    let totals = balance.to_string();
    assert!(totals.contains("fee income") || totals.contains("merchant payable"), "{totals}");
    for kind in
        ["settlements", "issuers", "cities", "fees", "exceptions", "prepaid", "stand-in", "flagged", "trial-balance"]
    {
        let out = staff.file(&format!("{kind}.xlsx"));
        staff.ok("sato", &["report", kind, "--why", "a test", "--out", &out]);
        let mut book: calamine::Xlsx<_> = calamine::open_workbook(&out).unwrap();
        assert!(!book.sheet_names().is_empty(), "{kind}");
        let first = book.sheet_names()[0].clone();
        assert!(book.worksheet_range(&first).unwrap().height() > 2, "{kind}");
    }
}

/// As a table for Japanese spreadsheets, and as a letter where a font is installed.
fn the_shop_gets_its_settlement_in_detail(day: &Day<'_>) {
    let staff = &day.staff;
    let detail = ["report", "settlement-detail", "--settlement", SETTLEMENT, "--why", "a test", "--out"];
    let table = staff.file("detail.csv");
    staff.ok("sato", &[&detail[..], &[table.as_str(), "--shift-jis"]].concat());
    let sjis = std::fs::read(&table).unwrap();
    assert!(encoding_rs::SHIFT_JIS.decode(&sjis).0.contains("項目"));
    let pdf = staff.file("letter.pdf");
    let letter = staff.run("sato", &[&detail[..], &[pdf.as_str()]].concat());
    match letter.status.success() {
        true => assert!(std::fs::read(&pdf).unwrap().starts_with(b"%PDF-")),
        // Without a Japanese font, the error says which package has one.
        false => assert!(String::from_utf8_lossy(&letter.stderr).contains("fonts-ipaexfont-gothic")),
    }
}

fn the_auditor_verifies_the_journal_offline(town: &Town) {
    let verified: Value = serde_json::from_slice(&journal(town, &["verify", "--json"]).stdout).unwrap();
    assert_eq!((&verified["verified"], &verified["signed"]["days"]), (&json!(true), &json!(1)), "{verified}");
    let key = verified["signed"]["keys"][0].as_str().unwrap();
    assert!(journal(town, &["verify", "--trusted-key", key]).status.success());
    let stranger = journal(town, &["verify", "--trusted-key", &"00".repeat(32)]);
    assert_eq!(stranger.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stranger.stderr).contains("is not among the trusted keys"));
    export::says_why(town, &verified["records"]);
}
