//! Relief on a real switch: files in and out, roles, kill -9 in the middle of a release, the bank's statement, the report.

use crate::bank;
use crate::harness::{Served, Town, kazasu, request, requested, wait_for};
use crate::rules::token;
use crate::step_up::steps_up;
use kazasu_acquirer_sim::load::sample_ppid;
use kazasu_demo::sample::Town as Sample;
use kazasu_ledger::AccountKey;
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::zengin::statement::Direction;
use kazasu_schemas::zengin::{kana, transfer};
use kazasu_store::Store;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::Output;
use std::time::Duration;

const EVENT: &str = "令和8年11月豪雨";
/// The programme that these tests pay from.
const PROGRAMME: &str = "101";
/// The first batch that is read in.
const BATCH: &str = "0";

/// The sample's city: sato is its officer, suzuki approves, tanaka is its treasurer.
struct City<'a> {
    town: &'a Town,
}

impl City<'_> {
    fn run(&self, by: &str, args: &[&str]) -> Output {
        let config = self.town.config();
        let mut all = vec!["relief"];
        all.extend(args);
        all.extend(["--by", by, "--json", "--config", &config]);
        kazasu(&all)
    }

    fn ok(&self, by: &str, args: &[&str]) -> Value {
        let out = self.run(by, args);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    }

    /// Exit code 1, and why.
    fn no(&self, by: &str, args: &[&str]) -> String {
        let out = self.run(by, args);
        assert_eq!(out.status.code(), Some(1), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stderr).unwrap()
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.town.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Proposed, approved and paid for.
    fn programme(&self, text: &str, fund: &str) {
        let file = self.file("programme.toml", text.as_bytes());
        self.agreed(&self.ok("sato", &["programme", "propose", &file, "--why", "flood"]));
        let number = text.lines().find_map(|l| l.strip_prefix("number = ")).unwrap();
        self.agreed(&self.ok("tanaka", &["fund", number, fund, "--reference", "first"]));
    }

    /// The approver approves what was requested.
    fn agreed(&self, asked: &Value) {
        let ((number, fingerprint), config) = (requested(asked), self.town.config());
        let approve = ["approval", "approve", &number, "--fingerprint", &fingerprint, "--why", "agreed"];
        let out = kazasu(&[&approve[..], &["--by", "suzuki", "--json", "--config", &config]].concat());
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    fn approved(&self, batch: &str) {
        self.ok("sato", &["assess", batch, "--why", "looked at"]);
        self.ok("suzuki", &["approve", batch, "--why", "granted"]);
    }
}

fn programme(number: &str, more: &str) -> String {
    format!(
        "number = {number}\nname = \"flood\"\ncity = \"13361\"\nlegal_basis = \"ordinance 3\"\nbudget = 90_000_000\n\
         ceiling = 100_000\nevents = [\"{EVENT}\"]\nuntil = \"2098-12-31\"\n{more}"
    )
}

const PURSE: &str = "method = \"purse\"\ntags = [\"local\"]\n";

const TRANSFER: &str = "method = \"transfer\"\n[funding]\nclient_code = \"0000012345\"\nclient_name = \"ｶｻﾞｽﾁﾖｳ\"\nbank = \"9999\"\n\
    bank_name = \"ﾐﾅﾄ\"\nbranch = \"001\"\nbranch_name = \"ﾎﾝﾃﾝ\"\nkind = \"ordinary\"\naccount = \"7654321\"\nmost_in_file = 2\n";

fn sjis(text: &str) -> Vec<u8> {
    encoding_rs::SHIFT_JIS.encode(text).0.into_owned()
}

#[test]
fn a_file_is_read_in_looked_at_approved_and_released_by_three_people() {
    let town = Town::new(Sample { residents: 12, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let city = City { town: &town };
    city.programme(&programme(PROGRAMME, PURSE), "1000000");
    a_bad_programme_file_names_its_lines(&city);
    let path = the_officer_reads_the_file_in(&city);
    the_approver_looks_at_the_batch(&city);
    each_role_takes_only_its_own_steps(&city, &path);
    let temporary = the_row_without_an_id_gets_one_until_the_batch_is_approved(&city);
    the_treasurer_releases_once(&city, &temporary);
    the_report_names_no_spending_of_few_people(&city);
    served.stop();
    let asked = town.verified().asked;
    assert!(asked.signed > 6 && (asked.before, asked.of_programs) == (0, 0), "each step has its signature: {asked:?}");
}

fn a_bad_programme_file_names_its_lines(city: &City<'_>) {
    let bad = city
        .file("bad.toml", programme("102", "method = \"cash\"\nduplicates = \"all\"\nregions = [\"xx\"]\n").as_bytes());
    let text = city.no("sato", &["programme", "propose", &bad, "--why", "x"]);
    for line in [
        "line 9: programme: method must be purse or transfer",
        "line 10: programme: duplicates must be largest",
        "line 11",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

/// Its rows begin in line 2. Ten are good; line 12 is a smaller damage of a household that is there already, line 13 is above the
/// ceiling, line 14 has no ID; lines 15 to 18 cannot be read.
fn applications() -> String {
    let mut file = String::from("利用者ID,世帯番号,災害,被害区分,支給額\r\n");
    for n in 0..10 {
        let _ =
            write!(file, "{},H{n},{EVENT},半壊,\"{}\"\r\n", sample_ppid(1, n), if n == 0 { "20,000" } else { "10000" });
    }
    let _ = write!(file, "{},H3,{EVENT},床下,5000\r\n", sample_ppid(1, 3));
    let _ = write!(file, "{},H20,{EVENT},全壊,100001\r\n", sample_ppid(1, 11));
    let _ = write!(file, ",H21,{EVENT},全壊,30000\r\n");
    let _ = write!(
        file,
        "{},H22,{EVENT},全壊,三万\r\n{},H23,台風,全壊,1\r\n4900009000000061,H24,{EVENT},全壊,1\r\nx,y\r\n",
        sample_ppid(1, 1),
        sample_ppid(1, 2)
    );
    file
}

/// What was bad comes back in a file of its own. Gives the path of the file that was read in.
fn the_officer_reads_the_file_in(city: &City<'_>) -> String {
    let path = city.file("申請.csv", &sjis(&applications()));
    let out = city.run("sato", &["import", PROGRAMME, &path, "--why", "received"]);
    assert_eq!(
        out.status.code(),
        Some(1),
        "bad rows are told by the exit code: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    let imported: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(
        (&imported["rows"], &imported["taken"], &imported["bad"]),
        (&json!(17), &json!(13), &json!(4)),
        "{imported}"
    );
    assert_eq!(imported["encoding"], "shift_jis");
    let refused = std::fs::read_to_string(city.town.path("申請.refused.csv")).unwrap();
    assert!(refused.starts_with('\u{feff}'), "a spreadsheet knows it is UTF-8");
    for part in
        ["15,amount,\"must be whole yen", "16,event,", "17,ppid,", "18,,\"has 2 cells", "H22,", ",三万", ",台風,"]
    {
        assert!(refused.contains(part), "{refused}");
    }
    assert!(!refused.contains("4900009000000061"), "a card number in the wrong place is not repeated");
    let again = city.run("sato", &["import", PROGRAMME, &path, "--why", "again"]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(
        (&again["batch"], &again["known"]),
        (&imported["batch"], &json!(true)),
        "the same file twice is recognised"
    );
    path
}

fn the_approver_looks_at_the_batch(city: &City<'_>) {
    let view = city.ok("suzuki", &["preview", BATCH]);
    assert_eq!(
        (&view["count"], &view["total_yen"], &view["refused_rows"]),
        (&json!(10), &json!(110_000), &json!(4)),
        "{view}"
    );
    assert_eq!(view["distribution"], json!([{ "yen": 20_000, "count": 1 }, { "yen": 10_000, "count": 9 }]));
    let issues: HashMap<&str, &Value> =
        view["issues"].as_array().unwrap().iter().map(|i| (i["issue"].as_str().unwrap(), i)).collect();
    assert_eq!(issues["smaller_damage"]["first"][0]["line"], 12);
    assert_eq!(issues["above_ceiling"]["first"][0]["line"], 13);
    assert_eq!(issues["no_id"]["count"], 1);
}

fn each_role_takes_only_its_own_steps(city: &City<'_>, path: &str) {
    for (by, args, expected) in [
        ("suzuki", vec!["import", PROGRAMME, path, "--why", "x"], "suzuki (per_2) has city-approver"),
        ("sato", vec!["approve", BATCH, "--why", "x"], "sato (per_1) has city-officer"),
        ("suzuki", vec!["release", BATCH, "--why", "x"], "suzuki (per_2) has city-approver"),
        ("operator", vec!["release", BATCH, "--why", "x"], "operator (key_1) is a program"),
        ("tanaka", vec!["approve", BATCH, "--why", "x"], "tanaka (per_3) has city-treasurer"),
    ] {
        let text = city.no(by, &args);
        assert!(text.contains(expected), "{text}");
    }
}

/// Gives the temporary ID.
fn the_row_without_an_id_gets_one_until_the_batch_is_approved(city: &City<'_>) -> String {
    // Line 14 of the file: rows are counted from 0 and without the header.
    const WITHOUT_ID: &str = "12";
    let assigned = city.ok("sato", &["row", BATCH, WITHOUT_ID, "assign", "--why", "no card"]);
    city.approved(BATCH);
    let text = city.no("sato", &["row", BATCH, WITHOUT_ID, "exclude", "--why", "late"]);
    assert!(text.contains("rows change only before it is assessed"), "{text}");
    assigned["ppid"].as_str().unwrap().to_owned()
}

fn the_treasurer_releases_once(city: &City<'_>, temporary: &str) {
    let released = city.ok("tanaka", &["release", BATCH, "--why", "checked"]);
    assert_eq!((&released["credited_rows"], &released["total_yen"]), (&json!(11), &json!(140_000)));
    let shown: Value = serde_json::from_slice(
        &kazasu(&["link", "show", temporary, "--why", "a test", "--json", "--config", &city.town.config()]).stdout,
    )
    .unwrap();
    assert_eq!(
        shown["purses"],
        json!([{ "programme": 101, "yen": 30_000 }]),
        "people without a card are treated as others"
    );
    let again = city.ok("tanaka", &["release", BATCH, "--why", "once more"]);
    assert_eq!(again["result"], "unchanged");
}

/// Fewer than ten people spent, so nothing is broken down.
fn the_report_names_no_spending_of_few_people(city: &City<'_>) {
    use calamine::Reader;
    city.ok("sato", &["close", BATCH, "--why", "over"]);
    let book = city.town.path("report.xlsx");
    city.ok("sato", &["report", PROGRAMME, "--why", "a test", "--out", book.to_str().unwrap()]);
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(&book).unwrap();
    let money = book.worksheet_range("収支 Money").unwrap();
    let cell = |name: &str| money.rows().find(|row| row[0].to_string().contains(name)).map(|row| row[1].to_string());
    assert_eq!(cell("支給額"), Some("140000".into()));
    assert_eq!(cell("予算額"), Some("90000000".into()));
    assert!(book.worksheet_range("利用内訳 Spending").is_ok(), "{:?}", book.sheet_names());
}

#[test]
fn a_release_that_is_killed_goes_on_by_itself_and_credits_everybody_exactly_once() {
    const HOUSEHOLDS: u64 = 3_000;
    let town = Town::new(Sample { residents: HOUSEHOLDS, ..Sample::default() });
    let city = City { town: &town };
    let mut file = String::from("ppid,household,event,amount\n");
    for n in 0..HOUSEHOLDS {
        let _ = writeln!(file, "{},H{n},{EVENT},{}", sample_ppid(1, n), 1_000 + n);
    }
    let path = city.file("applications.csv", file.as_bytes());
    // People act at a running switch; on the journal itself, nothing that takes two is done.
    let mut served = town.serve();
    city.programme(&programme(PROGRAMME, PURSE), "80000000");
    city.ok("sato", &["import", "101", &path, "--why", "received"]);
    city.approved("0");
    let mut kills = 0;
    city.ok("tanaka", &["release", "0", "--why", "checked"]).as_object().unwrap();
    // Another batch, released while the power fails again and again.
    let second = file.replace(",H", ",S");
    let path = city.file("second.csv", second.as_bytes());
    city.ok("sato", &["import", "101", &path, "--why", "received"]);
    city.approved("1");
    let shown = city.ok("tanaka", &["preview", "1"]);
    steps_up(&town, &served, ("tanaka", shown["fingerprint"].as_str().unwrap()));
    let step = json!({ "do": "step", "batch": 1, "step": "released", "why": "checked" });
    loop {
        let (status, _) = post(&served, &town, "relief", &step);
        let view = city.ok("sato", &["status", "1"]);
        let (done, all) = (view["credited_rows"].as_u64().unwrap(), view["rows_to_credit"].as_u64().unwrap());
        if done == all {
            assert_eq!(status, 200);
            break;
        }
        served.kill();
        kills += 1;
        assert!(kills < 1_000, "it comes to an end");
        served = town.serve();
    }
    wait_for("both batches", Duration::from_secs(30), || {
        let view = city.ok("sato", &["status", "1"]);
        (view["credited_rows"] == HOUSEHOLDS).then_some(())
    });
    served.stop();
    town.verified();
    let (state, _) = town.fold();
    let mut purses: HashMap<u32, i64> = HashMap::new();
    for (_, account) in state.book.accounts() {
        if let AccountKey::Purse(holder, 101) = account.key {
            *purses.entry(holder).or_default() += account.balance().get();
        }
    }
    let mut got: Vec<i64> = purses.into_values().collect();
    got.sort_unstable();
    let wanted: Vec<i64> = (0..i64::try_from(HOUSEHOLDS).unwrap()).map(|n| 2 * (1_000 + n)).collect();
    assert_eq!(got, wanted, "every resident exactly once in each batch; killed {kills} times");
}

fn post(served: &Served, town: &Town, path: &str, body: &Value) -> (u16, String) {
    let bearer = format!("Bearer {}", token(town, "people", "tanaka"));
    let headers = [("authorization", bearer.as_str())];
    request(served.http, "POST", path, &headers, body.to_string().as_bytes()).unwrap()
}

#[test]
fn transfers_leave_in_one_file_and_what_the_bank_sends_back_is_found() {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    let served = town.serve();
    let city = City { town: &town };
    city.programme(&programme(PROGRAMME, TRANSFER), "1000000");
    applications_with_accounts_are_read_in(&city);
    let day = the_batch_is_released_for_a_day_of_the_bank(&city);
    let files = files_are_made_for_the_bank(&city);
    the_bank_can_read_them(&files, day);
    let statement = transfers_that_came_back_are_found_in_the_statement(&city, day);
    a_damaged_statement_books_nothing(&city, &statement);
    city.ok("sato", &["close", BATCH, "--why", "over"]);
    served.stop();
    town.verified();
    the_journal_has_nothing_readable_of_an_account(&town);
}

/// Three, and one whose account name is not in kana.
fn applications_with_accounts_are_read_in(city: &City<'_>) {
    let mut file =
        String::from("利用者ID,世帯番号,災害,支給額,銀行コード,銀行名,支店コード,預金種目,口座番号,口座名義カナ\n");
    for (n, (name, yen)) in
        [("ヤマダ　タロウ", 50_000), ("サトウ ハナコ", 40_000), ("ｽｽﾞｷ ｼﾞﾛｳ", 30_000)].iter().enumerate()
    {
        let _ = writeln!(
            file,
            "{},H{n},{EVENT},{yen},9999,ミナト,1,普通,{},{name}",
            sample_ppid(1, u64::try_from(n).unwrap()),
            100 + n
        );
    }
    let _ = writeln!(file, "{},H9,{EVENT},100,9999,,1,普通,123,山田太郎", sample_ppid(1, 2));
    let path = city.file("transfer.csv", file.as_bytes());
    let out = city.run("sato", &["import", PROGRAMME, &path, "--why", "received"]);
    let imported: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(imported["taken"], 3);
    let bad = imported["bad_rows"][0]["problem"].as_str().unwrap();
    assert!(bad.contains("'山'"), "the character that no bank takes is named: {bad}");
}

/// Gives the day: today, or the next on which banks are open.
fn the_batch_is_released_for_a_day_of_the_bank(city: &City<'_>) -> BusinessDay {
    city.approved(BATCH);
    let text = city.no("tanaka", &["release", BATCH, "--why", "x"]);
    assert!(text.contains("the bank's day"), "{text}");
    let text = city.no("tanaka", &["release", BATCH, "--value-date", "2027-01-01", "--why", "x"]);
    assert!(text.contains("banks are closed on 2027-01-01"), "{text}");
    // A statement that is read today has no movement of a later day than banks book today's.
    let day = Calendar::built_in().add_business_days(kazasu_engine::clock::now().jst_day(), 0).unwrap();
    city.ok("tanaka", &["release", BATCH, "--value-date", &day.to_string(), "--why", "checked"]);
    day
}

/// Once, in one form, by the treasurer. Gives their bytes.
fn files_are_made_for_the_bank(city: &City<'_>) -> Vec<Vec<u8>> {
    let text = city.no("sato", &["transfer-file", BATCH, "--why", "payday"]);
    assert!(text.contains("sato (per_1) has city-officer"), "{text}");
    let folder = city.town.path("bank");
    let folder = folder.to_str().unwrap();
    let made = city.ok("tanaka", &["transfer-file", BATCH, "--out", folder, "--why", "payday"]);
    let files: Vec<Vec<u8>> =
        made["files"].as_array().unwrap().iter().map(|f| std::fs::read(f["path"].as_str().unwrap()).unwrap()).collect();
    assert_eq!(files.len(), 2, "the bank takes two in a file");
    let text = city.no("tanaka", &["transfer-file", BATCH, "--format", "pain001", "--why", "payday"]);
    assert!(text.contains("one file, in one form"), "{text}");
    city.ok("tanaka", &["transfer-file", BATCH, "--out", folder, "--why", "payday"]);
    files
}

fn the_bank_can_read_them(files: &[Vec<u8>], day: BusinessDay) {
    const RECORD_WITH_LINE_END: usize = 120 + 2;
    let groups: Vec<_> = files.iter().flat_map(|bytes| transfer::read(bytes, day).unwrap()).collect();
    let names: Vec<&str> = groups.iter().flat_map(|g| &g.payments).map(|p| p.payee_name.as_str()).collect();
    assert_eq!(names, ["ﾔﾏﾀﾞ ﾀﾛｳ", "ｻﾄｳ ﾊﾅｺ", "ｽｽﾞｷ ｼﾞﾛｳ"]);
    assert_eq!(&files[0][..4], b"1210", "a header of kind 21");
    assert_eq!(&files[0][54..58], format!("{:04}", day.mmdd()).as_bytes(), "the day of the transfers");
    assert!(files.iter().all(|bytes| bytes.len() % RECORD_WITH_LINE_END == 0));
    assert!(kana::decode(&files[0]).contains("ﾔﾏﾀﾞ"));
}

/// What a statement has that leaves a line open.
fn statement_with_an_open_line(city: &City<'_>, path: &str) -> Value {
    let out = city.run("tanaka", &["statement", path]);
    assert_eq!(out.status.code(), Some(1), "a line is left open each time");
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out.stderr)))
}

/// The bank took both files; one transfer comes back by name, one with our reference; one line is of a stranger. Gives the
/// statement.
fn transfers_that_came_back_are_found_in_the_statement(city: &City<'_>, day: BusinessDay) -> Vec<u8> {
    // The account of the programme's [funding].
    let header = bank::header(day, 7_654_321, "ｶｻﾞｽﾁﾖｳ");
    let entries = [
        bank::entry(day, Direction::Out, 90_000, "", ""),
        bank::entry(day, Direction::Out, 30_000, "", ""),
        bank::entry(day, Direction::In, 40_000, "ｻﾄｳ ﾊﾅｺ", ""),
        bank::entry(day, Direction::In, 30_000, "ﾌﾘｺﾐﾌﾉｳ", "R000000-0000002"),
        bank::entry(day, Direction::In, 777, "ﾀﾞﾚｶ", ""),
    ];
    let bytes = bank::file(&header, &entries);
    let path = city.file("statement.txt", &bytes);
    let text = city.no("sato", &["statement", &path]);
    assert!(text.contains("this takes city-treasurer"), "{text}");
    let read = statement_with_an_open_line(city, &path);
    assert_eq!(
        read["sent"],
        json!([{ "batch": 0, "file": 0, "yen": 90_000 }, { "batch": 0, "file": 1, "yen": 30_000 }]),
        "{read}"
    );
    assert_eq!(
        read["returned"],
        json!([{ "batch": 0, "row": 1, "yen": 40_000 }, { "batch": 0, "row": 2, "yen": 30_000 }]),
        "{read}"
    );
    assert_eq!(read["unmatched"][0]["yen"], 777);
    let again = statement_with_an_open_line(city, &path);
    assert_eq!(
        (&again["sent"], &again["returned"], &again["known"]),
        (&json!([]), &json!([]), &json!(4)),
        "the same statement twice"
    );
    // A treasurer's wrong word about a line is taken back by the city.
    let rent = again["unmatched"][0]["line"].as_str().unwrap().to_owned();
    let said = city.ok("tanaka", &["statement", &path, "--line", "6", "--not-ours", "--why", "rent"]);
    assert_eq!(said["set_aside"][0]["yen"], 777, "{said}");
    city.agreed(&city.ok("tanaka", &["undo", &rent, "--why", "it is ours"]));
    assert_eq!(statement_with_an_open_line(city, &path)["unmatched"][0]["line"], rent.as_str());
    bytes
}

/// It is told, and the programme has what the sound one booked.
fn a_damaged_statement_books_nothing(city: &City<'_>, statement: &[u8]) {
    let path = city.file("damaged.txt", &bank::with_unreadable_amount(statement));
    let damaged = statement_with_an_open_line(city, &path);
    assert!(!damaged["bad_records"].as_array().unwrap().is_empty(), "{damaged}");
    let view = city.ok("sato", &["programme", "show", PROGRAMME]);
    assert_eq!(view["fund_yen"], 1_000_000 - 120_000 + 70_000, "what came back is the programme's again");
    assert_eq!(view["paid_yen"], 50_000);
}

fn the_journal_has_nothing_readable_of_an_account(town: &Town) {
    let journal = town.runtime.block_on(async {
        let store = kazasu_store::sqlite::SqliteStore::new(town.journal());
        let mut reader = store.reader().await.unwrap();
        reader.scan(1, 10_000).await.unwrap().iter().flat_map(|e| e.body.to_vec()).collect::<Vec<u8>>()
    });
    for secret in ["ﾔﾏﾀﾞ", "0000100"] {
        assert!(!journal.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret}");
    }
}

#[test]
fn the_flood_demo_adds_up() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let args =
        ["demo", "--relief", "--data", data.to_str().unwrap(), "--taps", "1200", "--rate", "300", "--exit", "--json"];
    let out = kazasu(&args);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let value: Value = serde_json::from_slice(&out.stdout).unwrap();
    let n = |key: &str| value[key].as_i64().unwrap_or_else(|| panic!("{key} in {value}"));
    assert_eq!(n("residents"), 5_000);
    assert_eq!(n("credited"), 5_000, "three people without a card are among them");
    assert_eq!(n("credited_yen"), n("spent_yen") + n("returned_yen") + n("held_yen"));
    assert!(n("spent_yen") > 0 && n("first_tap_ms") < 5_000, "{value}");
    assert_eq!(value["verified"], true);
    assert!(data.join("relief-report.xlsx").is_file() && data.join("relief-report.csv").is_file());
}

#[test]
fn households_are_one_however_they_are_spelt_and_every_step_says_who_is_not_paid() {
    let town = Town::new(Sample { residents: 12, ..Sample::default() });
    let _served = town.serve();
    let config = town.config();
    let card = |args: &[&str]| {
        let mut all = vec!["card"];
        all.extend(args);
        all.extend(["--by", "sato", "--json", "--config", &config]);
        let out = kazasu(&all);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let city = City { town: &town };
    city.programme(&programme(PROGRAMME, PURSE), "1000000");
    // The same payment under other spellings is the same payment.
    for reference in ["first", "Ｆｉｒｓｔ", " first ", "fir\u{200b}st"] {
        assert_eq!(city.ok("tanaka", &["fund", "101", "1000000", "--reference", reference])["result"], "unchanged");
    }
    let temporary = card(&["temporary"])["ppid"].as_str().unwrap().to_owned();
    let header = "利用者ID,世帯番号,災害,被害区分,支給額\r\n";
    let row = |who: &str, household: &str, event: &str, yen: u32| format!("{who},{household},{event},半壊,{yen}\r\n");
    let who = |n| sample_ppid(1, n).to_string();
    let mut right = header.to_owned();
    for (n, household) in (0..).zip(["A-1", "Ａ－１", "Aー1", "a–1\u{200b}"]) {
        right += &row(
            &who(n),
            household,
            ["令和8年11月豪雨", "令和８年１１月豪雨"][usize::try_from(n % 2).unwrap()],
            50_000,
        );
    }
    right += &row(&who(5), "ガ7", EVENT, 30_000);
    right += &row(&who(6), "H8", EVENT, 90_000);
    right += &row(&temporary, "H9", EVENT, 90_000);
    let right = city.file("right.csv", right.as_bytes());
    let mistaken = city.file("mistaken.csv", (header.to_owned() + &row(&who(7), "ｶﾞ７", EVENT, 40_000)).as_bytes());
    for file in [&right, &mistaken] {
        city.ok("sato", &["import", "101", file, "--why", "received"]);
    }
    let unpaid = |value: &Value| (value["unpaid"]["count"].as_u64().unwrap(), value["unpaid"]["yen"].as_i64().unwrap());
    let seen = city.ok("suzuki", &["preview", "0"]);
    assert_eq!((seen["count"].as_u64(), unpaid(&seen)), (Some(3), (4, 180_000)), "{seen}");
    city.ok("suzuki", &["cancel", "1", "--why", "a mistake"]);
    let seen = city.ok("sato", &["assess", "0", "--why", "looked at"]);
    assert_eq!(unpaid(&seen), (3, 150_000), "{seen}");
    assert_eq!(seen["unpaid"]["why"][0]["rows"], json!([1, 2, 3]), "{seen}");
    assert_eq!(unpaid(&city.ok("suzuki", &["approve", "0", "--why", "granted"])), (3, 150_000));
    let merged = card(&["merge", &temporary, &who(6)]);
    assert_eq!(merged["above_ceiling"][0]["due_yen"], 180_000, "{merged}");
    city.agreed(&merged);
    let released = city.ok("tanaka", &["release", "0", "--why", "checked"]);
    assert_eq!((released["total_yen"].as_i64(), unpaid(&released)), (Some(170_000), (4, 240_000)), "{released}");
    let rows = city.ok("sato", &["rows", "0", "--only", "unpaid"]);
    let states: Vec<_> = rows.as_array().unwrap().iter().map(|r| r["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["refused", "refused", "refused", "withheld"], "{rows}");
}
