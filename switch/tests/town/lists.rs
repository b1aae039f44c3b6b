//! Lists over HTTP and at the command line: pages and their cursors, the same query as a file, and what a caller may ask in a minute.

use crate::harness::{Served, Town, kazasu};
use crate::rules::{call, pointer, token};
use kazasu_demo::sample::Town as Sample;
use serde_json::{Value, json};

fn town() -> Town {
    Town::new(Sample { residents: 3, ..Sample::default() })
}

/// An answer: status, header fields and bytes.
struct Got {
    status: u16,
    headers: ureq::http::HeaderMap,
    bytes: Vec<u8>,
}

impl Got {
    fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

fn got(served: &Served, path: &str, headers: &[(&str, &str)]) -> Got {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let mut request = ureq::Agent::new_with_config(config.build()).get(format!("http://{}/api/v1{path}", served.http));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut answer = request.call().unwrap();
    let bytes = answer.body_mut().read_to_vec().unwrap();
    Got { status: answer.status().as_u16(), headers: answer.headers().clone(), bytes }
}

fn listed(served: &Served, path: &str, bearer: &str) -> Value {
    let got = got(served, path, &[("authorization", bearer)]);
    assert_eq!(got.status, 200, "{path}: {}", String::from_utf8_lossy(&got.bytes));
    got.json()
}

/// The code and the field of a refusal.
fn refused(served: &Served, path: &str, bearer: &str) -> (String, String) {
    let got = got(served, path, &[("authorization", bearer)]);
    assert_eq!(got.status, 400, "{path}: {}", String::from_utf8_lossy(&got.bytes));
    (got.json()["code"].as_str().unwrap().to_owned(), pointer(&got.json()))
}

fn of(code: &str, field: &str) -> (String, String) {
    (code.to_owned(), field.to_owned())
}

fn requested(town: &Town, served: &Served, asked: &Value) {
    let (status, value) = call(served, crate::harness::DO, "people", &town.session("ando"), asked);
    assert_eq!(status, 200, "{value}");
}

/// Three further invitations that wait for another administrator.
fn three_requests(town: &Town, served: &Served) {
    for person in ["sato", "suzuki", "tanaka"] {
        requested(town, served, &json!({ "do": "invite_again", "person": person, "why": "a test" }));
    }
}

#[test]
fn a_list_is_walked_in_pages_and_a_cursor_goes_on_with_nothing_else() {
    let town = town();
    let served = town.serve();
    three_requests(&town, &served);
    let bearer = format!("Bearer {}", town.session("ando"));
    let all = listed(&served, "/approvals?limit=200", &bearer);
    assert!(all["items"].as_array().unwrap().len() >= 3 && all["next"].is_null(), "{all}");
    assert!(all["as_of"].as_u64().unwrap() > 0);
    let (mut seen, mut path) = (Vec::new(), "/approvals?limit=1".to_owned());
    let mut cursors = Vec::new();
    loop {
        let page = listed(&served, &path, &bearer);
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursors.push(next.to_owned());
        path = format!("/approvals?limit=1&cursor={next}");
        if cursors.len() == 1 {
            // What is asked for in the middle of a walk is in none of its pages.
            let grant = json!({ "do": "grant", "holder": "tanaka", "role": "finance-staff", "why": "a test" });
            requested(&town, &served, &grant);
        }
    }
    assert_eq!(json!(seen), all["items"]);
    assert!(listed(&served, "/approvals?limit=200", &bearer)["items"].as_array().unwrap().len() > seen.len());
    let cursor = cursors[0].as_str();
    for (path, expected) in [
        (format!("/approvals?closed=true&cursor={cursor}"), of("cursor_of_another_list", "cursor")),
        (format!("/people?cursor={cursor}"), of("cursor_of_another_list", "cursor")),
        (format!("/approvals?cursor={}", flipped(cursor)), of("cursor_invalid", "cursor")),
        (format!("/approvals?cursor={}", &cursor[..cursor.len() - 2]), of("cursor_invalid", "cursor")),
        ("/approvals?cursor=x".to_owned(), of("cursor_invalid", "cursor")),
        ("/approvals?cursor=".to_owned(), of("cursor_invalid", "cursor")),
        (format!("/approvals?cursor={}", "00".repeat(2_000)), of("cursor_invalid", "cursor")),
        ("/approvals?limit=0".to_owned(), of("value_invalid", "limit")),
        ("/approvals?limit=201".to_owned(), of("value_invalid", "limit")),
        ("/approvals?limit=70000".to_owned(), of("request_invalid", "limit")),
        ("/approvals?limit=ten".to_owned(), of("request_invalid", "limit")),
        ("/approvals?limit=1&limit=2".to_owned(), of("request_invalid", "limit")),
        (format!("/approvals?cursor={cursor}&cursor={cursor}"), of("request_invalid", "cursor")),
        ("/approvals?page=2".to_owned(), of("request_invalid", "page")),
    ] {
        assert_eq!(refused(&served, &path, &bearer), expected, "{path}");
    }
    // Another size of the page is no other list.
    assert_eq!(listed(&served, &format!("/approvals?limit=7&cursor={cursor}"), &bearer)["items"][0], seen[1]);
    served.stop();
}

/// One character is another one.
fn flipped(cursor: &str) -> String {
    let last = if cursor.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &cursor[..cursor.len() - 1])
}

#[test]
fn the_same_query_is_a_file_in_each_form() {
    let town = town();
    let served = town.serve();
    let bearer = format!("Bearer {}", town.session("sato"));
    let pages = listed(&served, "/merchants?limit=200", &bearer);
    let rows = pages["items"].as_array().unwrap();
    let file = |accept: &str, language: &str| {
        got(&served, "/merchants", &[("authorization", &bearer), ("accept", accept), ("accept-language", language)])
    };
    let csv = file("text/csv", "ja");
    assert_eq!((csv.status, csv.field("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(csv.field("content-disposition"), "attachment; filename=\"merchants.csv\"");
    assert!(csv.bytes.starts_with(b"\xef\xbb\xbf"));
    let text = std::str::from_utf8(&csv.bytes[3..]).unwrap();
    assert!(text.starts_with("契約会社,加盟店,名称,業種,端末,閉店,区分,タグ,地域\r\n"), "{text}");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let read: Vec<(String, String)> =
        reader.records().map(|row| row.map(|row| (row[1].to_owned(), row[2].to_owned())).unwrap()).collect();
    let field = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let expected: Vec<_> = rows.iter().map(|row| (field(row, "merchant"), field(row, "name"))).collect();
    assert_eq!(read, expected, "what is in the pages is in the file");
    let english = file("text/csv", "en");
    assert!(std::str::from_utf8(&english.bytes[3..]).unwrap().starts_with("Acquirer,Merchant,Name,"));
    let shift = file("text/csv; charset=Shift_JIS", "ja");
    assert_eq!(shift.field("content-type"), "text/csv; charset=shift_jis");
    assert!(encoding_rs::SHIFT_JIS.decode(&shift.bytes).0.starts_with("契約会社,加盟店"));
    let xlsx = file("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "ja");
    let path = town.path("list.xlsx");
    std::fs::write(&path, &xlsx.bytes).unwrap();
    use calamine::Reader;
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(&path).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    assert!(sheet.height() > rows.len(), "{} rows", sheet.height());
    // A file has no pages, and is as strict as they are.
    for path in ["/merchants?limit=5", "/merchants?cursor=x", "/merchants?colour=red"] {
        let refused = got(&served, path, &[("authorization", &bearer), ("accept", "text/csv")]);
        assert_eq!((refused.status, refused.json()["code"].as_str()), (400, Some("request_invalid")), "{path}");
    }
    let stranger = got(&served, "/closing/days", &[("accept", "text/csv")]);
    assert_eq!(stranger.status, 401);
    let portal = format!("Bearer {}", token(&town, "portals", "portal"));
    let portal = got(&served, "/merchants", &[("authorization", &portal), ("accept", "text/csv")]);
    assert_eq!(portal.status, 403);
    the_command_line_goes_over_pages(&town, rows.len());
    served.stop();
    the_command_line_goes_over_pages(&town, rows.len());
    let exports = kazasu(&["audit", "log", "--json", "--kind", "export", "--config", &town.config()]);
    let lines = String::from_utf8(exports.stdout).unwrap();
    assert!(lines.lines().count() >= 4 && lines.contains("operations.merchants"), "{lines}");
}

fn the_command_line_goes_over_pages(town: &Town, merchants: usize) {
    let config = town.config();
    let of = |more: &[&str]| {
        let args = [&["merchant", "list", "--by", "sato", "--config", &config][..], more].concat();
        let out = kazasu(&args);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    };
    let count = |out: &[u8]| serde_json::from_slice::<Value>(out).unwrap().as_array().unwrap().len();
    assert_eq!(count(&of(&["--json"])), merchants);
    assert_eq!(count(&of(&["--json", "--limit", "2"])), 2);
    let file = town.path("merchants.csv");
    let name = file.to_str().unwrap();
    of(&["--out", name]);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("\u{feff}Acquirer,Merchant,"));
    of(&["--out", name, "--shift-jis", "--format", "csv"]);
    assert!(std::fs::read(&file).unwrap().starts_with(b"Acquirer,"));
    let book = town.path("merchants.xlsx");
    of(&["--out", book.to_str().unwrap()]);
    assert!(std::fs::read(&book).unwrap().starts_with(b"PK"));
    for wrong in
        [&["--out", "merchants.doc"][..], &["--limit", "0"], &["--limit", "2", "--out", "x.csv"], &["--format", "csv"]]
    {
        let args = [&["merchant", "list", "--by", "sato", "--config", &config][..], wrong].concat();
        assert_eq!(kazasu(&args).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_caller_is_told_what_is_left_and_then_to_wait() {
    let town = town();
    town.configure("\n[limits.http]\nmax_requests_per_caller = 5\n");
    let served = town.serve();
    let (sato, suzuki) = (format!("Bearer {}", town.session("sato")), format!("Bearer {}", town.session("suzuki")));
    let asked: Vec<Got> = (0..7).map(|_| got(&served, "/me", &[("authorization", &sato)])).collect();
    assert_eq!(asked[0].field("ratelimit-policy"), "\"caller\";q=5;w=60");
    assert_eq!(asked[0].field("ratelimit"), "\"caller\";r=4;t=12");
    assert!(asked[..5].iter().all(|one| one.status == 200));
    let over = &asked[6];
    assert_eq!((over.status, over.json()["code"].as_str()), (429, Some("too_many_requests")));
    let wait: u64 = over.field("retry-after").parse().unwrap();
    assert!((1..=12).contains(&wait) && over.json()["retry_after_seconds"] == wait, "{wait}");
    assert!(over.field("ratelimit").starts_with("\"caller\";r=0;"), "{}", over.field("ratelimit"));
    let other = got(&served, "/me", &[("authorization", &suzuki)]);
    assert_eq!((other.status, other.field("ratelimit")), (200, "\"caller\";r=4;t=12"), "another caller has its own");
    let stranger = got(&served, "/status", &[]);
    assert_eq!((stranger.status, stranger.field("ratelimit")), (200, ""));
    let unknown = got(&served, "/me", &[("authorization", "Bearer wrong")]);
    assert_eq!((unknown.status, unknown.field("ratelimit")), (401, ""));
    served.stop();
}

#[test]
fn a_look_at_an_import_needs_no_key_and_the_document_says_so() {
    let town = town();
    let served = town.serve();
    let document = got(&served, "/openapi.json", &[]).json();
    for path in ["/import/links", "/import/merchants", "/import/payees"] {
        let parameters = document["paths"][path]["post"]["parameters"].as_array().unwrap();
        let key = parameters.iter().find(|one| one["name"] == "Idempotency-Key").unwrap();
        assert_eq!(key["required"], false, "{path}");
        assert!(key["description"].as_str().unwrap().contains("dry_run"), "{path}");
    }
    let bearer = format!("Bearer {}", town.session("suzuki"));
    let sent = |query: &str| {
        let path = format!("/api/v1/import/merchants{query}");
        let headers = [("authorization", bearer.as_str())];
        let file = "acquirer,merchant,name,mcc\n27000001,M10000000000099,新しい店,5411\n";
        crate::harness::sent(served.http, ("POST", &path), &headers, file.as_bytes()).unwrap()
    };
    let (status, look) = sent("?dry_run=true");
    assert_eq!(status, 200, "{look}");
    let (status, refused) = sent("");
    assert!(status == 400 && refused.contains("idempotency_key_missing"), "{status} {refused}");
    served.stop();
}
