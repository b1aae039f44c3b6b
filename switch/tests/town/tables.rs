//! Files as spreadsheets in Japan write them, through the commands that people type: no row vanishes, lines are those that are shown,
//! what a row does not say stays.

use crate::harness::{Served, Town, by_two, kazasu, request, requested};
use kazasu_acquirer_sim::load::sample_ppid;
use kazasu_demo::sample::Town as Sample;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};
use std::process::Output;

const EVENT: &str = "令和8年11月豪雨";

fn case(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/files/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

struct Desk<'a>(&'a Town);

impl Desk<'_> {
    fn run(&self, args: &[&str]) -> Output {
        let config = self.0.config();
        let mut all = args.to_vec();
        all.extend(["--json", "--config", &config]);
        kazasu(&all)
    }

    fn json(&self, args: &[&str], code: i32) -> Value {
        let out = self.run(args);
        assert_eq!(out.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn programme(&self) {
        let text = format!(
            "number = 101\nname = \"flood\"\ncity = \"13361\"\nlegal_basis = \"ordinance 3\"\nbudget = 90_000_000\n\
             ceiling = 100_000\nevents = [\"{EVENT}\"]\nuntil = \"2098-12-31\"\nmethod = \"purse\"\ntags = [\"local\"]\n"
        );
        let file = self.file("programme.toml", text);
        let proposed = self.json(&["relief", "programme", "propose", &file, "--why", "flood", "--by", "sato"], 0);
        let (number, fingerprint) = requested(&proposed);
        let approve = ["approval", "approve", &number, "--fingerprint", &fingerprint, "--why", "agreed"];
        self.json(&[&approve[..], &["--by", "suzuki"]].concat(), 0);
        let fund = ["relief", "fund", "101", "1,000,000円", "--reference", "first"];
        assert!(by_two(self.0, &fund, ["tanaka", "suzuki"]).status.success());
    }

    /// An import of two people.
    fn import(&self, args: &[&str], code: i32) -> Value {
        let out = by_two(self.0, args, ["sato", "tanaka"]);
        assert_eq!(out.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    }

    fn applications(&self, name: &str, bytes: impl AsRef<[u8]>, code: i32) -> Value {
        let file = self.file(name, bytes);
        self.json(&["relief", "import", "101", &file, "--why", "received", "--by", "sato"], code)
    }

    fn merchant(&self, id: &str) -> Value {
        self.json(&["merchant", "show", id], 0)[0].clone()
    }
}

fn lines(report: &Value) -> Vec<u64> {
    report["bad_rows"].as_array().unwrap().iter().map(|row| row["line"].as_u64().unwrap()).collect()
}

#[test]
fn applications_are_taken_or_refused_by_the_lines_that_are_shown() {
    let town = Town::new(Sample { residents: 12, ..Sample::default() });
    let _served = town.serve();
    let desk = Desk(&town);
    desk.programme();
    let imported = desk.applications("crlf.csv", case("relief-crlf.csv"), 1);
    assert_eq!((&imported["rows"], &imported["taken"], &imported["bad"]), (&json!(5), &json!(4), &json!(1)));
    assert_eq!(lines(&imported), [4]);
    // The refused file has the row itself; mended, it is read in as it is.
    let refused = std::fs::read_to_string(town.path("crlf.refused.csv")).unwrap();
    assert!(refused.contains(",M2,令和8年11月豪雨,半壊,abc"), "{refused}");
    let mended = desk.applications("mended.csv", refused.replace("abc", "１，００２円"), 0);
    assert_eq!((&mended["rows"], &mended["taken"]), (&json!(1), &json!(1)));
    assert_eq!(mended["ignored_columns"], json!([]), "its own columns are known");
    for name in ["relief-crlf-quoted-break.csv", "relief-cr-only-quoted-break.csv"] {
        let imported = desk.applications(name, case(name), 0);
        assert_eq!(
            (&imported["rows"], &imported["taken"], &imported["bad"]),
            (&json!(8), &json!(8), &json!(0)),
            "{name}"
        );
    }
    let batch = desk.json(&["relief", "preview", "3", "--by", "sato"], 0);
    assert_eq!(batch["rows"], 8);
}

#[test]
fn refused_rows_never_replace_their_file_and_go_when_none_is_left() {
    let town = Town::new(Sample { residents: 4, ..Sample::default() });
    let _served = town.serve();
    let desk = Desk(&town);
    desk.programme();
    let head = "ppid,household,event,amount\n";
    let row = |amount: &str| format!("{head}{},H1,{EVENT},{amount}\n", sample_ppid(1, 0));
    desk.applications("x.csv", row("abc"), 1);
    let refused = town.path("x.refused.csv");
    assert!(refused.exists());
    desk.applications("x.csv", row("10000"), 0);
    assert!(!refused.exists(), "no row is refused any more");
    // What a person has put there stays.
    std::fs::write(&refused, "my own notes").unwrap();
    desk.applications("x.csv", row("20000"), 0);
    assert_eq!(std::fs::read_to_string(&refused).unwrap(), "my own notes");

    let merchants = "merchant,acquirer,mcc\nM10000000000001,27000001,X\n";
    let file = desk.file("m.csv", merchants);
    let link = town.path("link.csv");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    for itself in [file.as_str(), link.to_str().unwrap()] {
        for command in [&["merchant", "import"][..], &["relief", "import", "101", "--why", "received", "--by", "sato"]]
        {
            let out = desk.run(&[command, &[file.as_str(), "--bad-rows", itself]].concat());
            let said = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(2), "{said}");
            assert!(said.contains("--bad-rows") && said.contains("is the file that is read"), "{said}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), merchants);
        }
    }
    let bad = town.path("bad.csv");
    let bad = bad.to_str().unwrap();
    desk.import(&["merchant", "import", &file, "--bad-rows", bad], 1);
    std::fs::write(&file, merchants.replace('X', "5411")).unwrap();
    desk.import(&["merchant", "import", &file, "--bad-rows", bad], 0);
    assert!(!std::path::Path::new(bad).exists());
}

#[test]
fn one_household_however_its_cells_are_quoted_is_paid_once() {
    let town = Town::new(Sample { residents: 4, ..Sample::default() });
    let _served = town.serve();
    let desk = Desk(&town);
    desk.programme();
    let mut text = String::from_utf8(case("relief-quoted-household.csv")).unwrap();
    let ids: Vec<String> = text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    for (n, id) in (0..).zip(&ids) {
        text = text.replace(id, &sample_ppid(1, n).to_string());
    }
    let imported = desk.applications("quoted.csv", text, 0);
    assert_eq!((&imported["rows"], &imported["taken"]), (&json!(4), &json!(4)));
    let batch = desk.json(&["relief", "preview", "0", "--by", "sato"], 0);
    assert_eq!((&batch["count"], &batch["total_yen"]), (&json!(1), &json!(50_000)), "{batch}");
}

#[test]
fn an_officers_workbook_is_read_as_it_is() {
    let town = Town::new(Sample { residents: 6, ..Sample::default() });
    let _served = town.serve();
    let desk = Desk(&town);
    desk.programme();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("申請一覧").unwrap();
    for (column, name) in (0..).zip(["氏名", "利用者ＩＤ", "世帯番号", "災害", "支給額（円）", "備考"])
    {
        sheet.write(1, column, name).unwrap();
    }
    let yen = Format::new().set_num_format("#,##0\"円\"");
    let day = Format::new().set_num_format("yyyy/m/d");
    for n in 0..4_u32 {
        let row = 2 + n * 2;
        sheet.write(row, 1, sample_ppid(1, u64::from(n)).to_string()).unwrap();
        sheet.write(row, 2, 123_456_789_000.0 + f64::from(n)).unwrap();
        sheet.write(row, 3, EVENT).unwrap();
        sheet.write_with_format(row, 4, 10_000.0, &yen).unwrap();
        sheet.write(row, 5, "改行\nあり").unwrap();
    }
    sheet.write(6, 4, "1,5").unwrap();
    sheet.write_with_format(8, 2, ExcelDateTime::from_ymd(2026, 1, 2).unwrap(), &day).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let imported = desk.applications("applications.xlsx", bytes, 1);
    assert_eq!(
        (&imported["rows"], &imported["taken"], &imported["blank"]),
        (&json!(4), &json!(2), &json!(3)),
        "{imported}"
    );
    assert_eq!(lines(&imported), [7, 9]);
    assert_eq!((&imported["sheet"], &imported["encoding"]), (&json!("申請一覧"), &json!("xlsx")));
    assert_eq!(imported["ignored_columns"], json!(["氏名", "備考"]));
    let first = &imported["bad_rows"][0];
    assert_eq!((&first["column"], &first["cells"][2]), (&json!("amount"), &json!("123456789002")));
    assert!(imported["bad_rows"][1]["problem"].as_str().unwrap().contains("is a date"), "{imported}");
    let out = desk.run(&[
        "relief",
        "import",
        "101",
        town.path("applications.xlsx").to_str().unwrap(),
        "--why",
        "x",
        "--by",
        "sato",
        "--sheet",
        "ない",
    ]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("it has \"申請一覧\""));
}

#[test]
fn bad_rows_of_merchants_are_named_and_read_again() {
    let town = Town::opening(Sample { residents: 0, ..Sample::default() });
    let desk = Desk(&town);
    let bad = town.path("bad.csv");
    let file = desk.file("crlf.csv", case("merchants-crlf.csv"));
    let report = desk.json(&["merchant", "import", &file, "--bad-rows", bad.to_str().unwrap()], 1);
    assert_eq!((lines(&report), &report["bad_rows"][0]["column"]), (vec![4], &json!("mcc")));
    let text = std::fs::read_to_string(&bad).unwrap();
    let mended = desk.file("mended.csv", text.replace("41X1", "４１３１"));
    let report = desk.json(&["merchant", "import", &mended], 0);
    assert_eq!((&report["rows"], &report["bad"]), (&json!(1), &json!(0)), "{report}");

    let file = desk.file("names.csv", case("merchants-names.csv"));
    let report = desk.json(&["merchant", "import", &file], 1);
    assert_eq!((&report["rows"], &report["recorded"], &report["bad"]), (&json!(5), &json!(3), &json!(2)), "{report}");
    assert_eq!(lines(&report), [3, 5]);
    for (row, place) in
        report["bad_rows"].as_array().unwrap().iter().zip(["character 3 is a line break", "character 8 is U+0007"])
    {
        assert!(row["problem"].as_str().unwrap().starts_with(place), "{row}");
    }
    assert_eq!(desk.merchant("M20000000000001")["name"], "=HYPERLINK(\"http://x\",\"y\")");
    // A file that is no table changes nothing and says why.
    let empty = desk.file("empty.csv", "");
    let out = desk.run(&["merchant", "import", &empty]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("line 1: the file is empty"));
}

#[test]
fn a_file_that_is_refused_as_a_whole_is_code_1_and_one_that_cannot_be_read_is_code_2() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let desk = Desk(&town);
    desk.programme();
    let file = desk.file("other.csv", "name\nx\n");
    let missing = town.path("missing.csv").to_str().unwrap().to_owned();
    let commands: [&[&str]; 4] = [
        &["merchant", "import", "--by", "sato"],
        &["link", "import", "--by", "sato"],
        &["recon", "import", "--against", "issuer", "--party", "1", "--from", "2020-01-01", "--by", "sato"],
        // A city's officer does this, signed in at the running switch.
        &["relief", "import", "101", "--why", "received", "--by", "sato"],
    ];
    let all = |commands: &[&[&str]]| {
        for command in commands.iter().copied() {
            for (file, code, why) in [(&file, 1, "the header has no column"), (&missing, 2, "cannot read")] {
                let out = desk.run(&[command, &[file.as_str()]].concat());
                let said = String::from_utf8_lossy(&out.stderr);
                assert_eq!(out.status.code(), Some(code), "{command:?}: {said}");
                assert!(said.contains(why), "{command:?}: {said}");
                assert!(out.stdout.is_empty(), "{command:?}");
            }
        }
    };
    // The running switch has registered its issuers; without it, the journal knows them.
    served.issuers_up(3);
    all(&commands);
    served.stop();
    all(&[&["merchant", "import", "--dry-run"], &["link", "import", "--dry-run"], commands[2]]);
}

#[test]
fn an_empty_list_says_so() {
    let town = Town::empty(Sample { residents: 0, ..Sample::default() });
    town.settle();
    let _served = town.serve();
    let desk = Desk(&town);
    desk.programme();
    let row = format!("ppid,household,event,amount\n{},H1,{EVENT},10000\n", sample_ppid(1, 0));
    desk.applications("one.csv", row, 0);
    for args in [
        &["merchant", "list"][..],
        &["link", "broken"],
        &["notice", "list"],
        &["advice", "list"],
        &["contract", "show"],
        &["payout", "list"],
        &["settle"],
        &["approval", "list"],
        &["relief", "rows", "0", "--only", "duplicate"],
        &["relief", "rows", "0", "--from", "5"],
    ] {
        let config = town.config();
        let out = kazasu(&[args, &["--config", &config]].concat());
        assert_eq!(String::from_utf8_lossy(&out.stdout), "none\n", "{args:?}: {out:?}");
        assert_eq!(out.status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_number_on_standard_input_is_read_in_any_width_and_stands_alone() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let town = Town::opening(Sample { residents: 0, ..Sample::default() });
    let desk = Desk(&town);
    let (first, second) =
        (kazasu_demo::sample::named_ppid("new"), kazasu_demo::sample::named_ppid("newer").to_string());
    let file = desk.file("links.csv", format!("ppid,kind,number,balance\n{first},on_us,0010000077,1000\n"));
    desk.json(&["link", "import", &file], 0);
    let set = |typed: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
        command.args(["link", "set", &second, "--kind", "on_us", "--pin-verified", "--config", &town.config()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, said) = set("0010000077\n0010000078\n");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("one card or account number is expected, got 2 lines"), "{said}");
    assert_eq!(set("\n\n").0, Some(2));
    let (code, said) = set("　００１０００００７７\r\n\n");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_payment_without_its_payer_is_refused_instead_of_showing_a_list() {
    let town = Town::empty(Sample { residents: 0, ..Sample::default() });
    let desk = Desk(&town);
    for args in [&["settle", "--amount", "130000"][..], &["settle", "--reference", "R-1"]] {
        let out = desk.run(args);
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains("--received-from"), "{args:?}: {said}");
    }
}

fn post(served: &Served, town: &Town, path: &str, body: &[u8]) -> (u16, Value) {
    let bearer = format!("Bearer {}", town.session("sato"));
    let (status, text) = request(served.http, "POST", path, &[("authorization", &bearer)], body).unwrap();
    (status, serde_json::from_str(&text).unwrap())
}

#[test]
fn what_a_merchants_row_does_not_say_stays_and_a_look_shows_what_changes() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let desk = Desk(&town);
    const ID: &str = "27000001/M10000000000001";
    let before = desk.merchant(ID);
    assert_eq!(before["tags"], json!(["local"]));
    let file = desk.file("terminal.csv", "merchant,acquirer,terminals\nM10000000000001,27000001,T1001099\n");
    // Without a running switch, a look reads the journal.
    let records = |town: &Town| town.fold().1.len();
    let had = records(&town);
    let look = desk.json(&["merchant", "import", &file, "--dry-run"], 0);
    assert_eq!(
        (&look["dry_run"], &look["recorded"], &look["changed_fields"]),
        (&json!(true), &json!(1), &json!(1)),
        "{look}"
    );
    let change = &look["changes"][0];
    assert_eq!((&change["of"], &change["field"], &change["line"]), (&json!(ID), &json!("terminals"), &json!(2)));
    assert!(change["after"].as_str().unwrap().ends_with(" T1001099"), "{change}");
    assert_eq!(records(&town), had, "a look records nothing");

    let served = town.serve();
    let online = desk.json(&["merchant", "import", &file, "--dry-run"], 0);
    assert_eq!(online["changes"], look["changes"]);
    assert_eq!(desk.merchant(ID), before);
    desk.import(&["merchant", "import", &file], 0);
    let after = desk.merchant(ID);
    let mut terminals = before["terminals"].as_array().unwrap().clone();
    terminals.push(json!("T1001099"));
    assert_eq!(after["terminals"], json!(terminals));
    for field in ["name", "mcc", "closed", "class", "tags", "region"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    // Taking away is written.
    let body = "merchant,acquirer,terminals,class,tags\nM10000000000001,27000001,-T1001099,-,-\n";
    let (status, look) = post(&served, &town, "/api/v1/import/merchants?dry_run=true", body.as_bytes());
    let fields: Vec<&str> = look["changes"].as_array().unwrap().iter().map(|c| c["field"].as_str().unwrap()).collect();
    assert_eq!((status, fields), (200, vec!["terminals", "class", "tags"]), "{look}");
    assert_eq!(desk.merchant(ID), after);
    let (status, waits) = post(&served, &town, "/api/v1/import/merchants", body.as_bytes());
    assert_eq!((status, &waits["dry_run"]), (200, &json!(true)), "{waits}");
    assert_eq!(desk.merchant(ID), after, "it waits for another person");
    let (number, fingerprint) = requested(&waits["asked"]);
    let approve = ["approval", "approve", &number, "--fingerprint", &fingerprint, "--why", "checked", "--by", "tanaka"];
    desk.json(&approve, 0);
    let (status, done) = post(&served, &town, "/api/v1/import/merchants", body.as_bytes());
    assert_eq!((status, &done["recorded"], &done["dry_run"]), (200, &json!(1), &json!(false)), "{done}");
    let last = desk.merchant(ID);
    assert_eq!((&last["terminals"], &last["class"], &last["tags"]), (&before["terminals"], &json!(""), &json!([])));
    let all = desk.json(&["merchant", "list"], 0);
    assert!(all.as_array().unwrap().contains(&last));
    let out = kazasu(&["merchant", "list", "--config", &town.config()]);
    assert!(String::from_utf8_lossy(&out.stdout).contains(ID));
    let out = desk.run(&["merchant", "show", "MISSING"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("merchant MISSING is not registered"));
    let (status, wrong) = post(&served, &town, "/api/v1/import/merchants", b"name\n");
    assert_eq!((status, wrong["detail"].as_str().unwrap().contains("no column \"merchant\"")), (400, true), "{wrong}");
    served.stop();
    town.verified();
}

#[test]
fn a_look_at_links_says_what_they_are_and_would_be() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let desk = Desk(&town);
    let new = kazasu_demo::sample::named_ppid("new");
    let rich = kazasu_demo::sample::named_ppid("on-us-rich");
    let file = format!(
        "利用者ID,種別,番号,残高,適用日,備考\r\n{new},on_us,0010000077,\"1,000円\",,x\r\n{rich},none,,,2098/4/1,\r\n{rich},credit,4900001234567891,,,\r\n"
    );
    let file = desk.file("links.csv", file);
    let look = desk.json(&["link", "import", &file, "--dry-run"], 1);
    let told: Vec<String> = look["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| {
            format!(
                "{} {} {} > {}",
                c["line"],
                c["field"].as_str().unwrap(),
                c["before"].as_str().unwrap_or("new"),
                c["after"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told[..3],
        ["2 deposit new > *******077", "2 balance ¥0 > ¥1,000", "2 instrument new > on_us *******077"]
    );
    assert!(told[3].starts_with("3 instrument on_us *******") && told[3].ends_with("> none"), "{told:?}");
    assert_eq!(lines(&look), [4]);
    assert!(!look.to_string().contains("4900001234567891"), "a card number is repeated: {look}");
    let shown = desk.run(&["link", "show", &new.to_string(), "--why", "a test"]);
    assert_eq!(shown.status.code(), Some(1), "a look links no person");
}
