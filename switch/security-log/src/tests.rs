//! The log as a whole: lines, chain, files, crashes, a full disk.

use super::value::{Free, Object, Word};
use super::verify::{Head, Problem, Verified, verify};
use super::*;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{DAY_MS, Millis};
use kazasu_schemas::secret::Key;
use kazasu_text::Label;
use std::collections::BTreeSet;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

/// 2026-11-30, noon in Japan.
const NOON: i64 = 1_796_007_600_000;

fn noon() -> Millis {
    Millis(NOON)
}

fn act(by: &str, outcome: &str, residents: Vec<ResidentRef>) -> Act {
    Act {
        by: Word::new(by),
        caller: Word::new("person"),
        via: Word::new("api"),
        operation: Word::new("operations.resident"),
        outcome: Word::new(outcome),
        residents,
        about: Vec::new(),
        why: Some(Free::new("the resident called")),
        reason: None,
        network: None,
        proven: None,
        statement: None,
        key: None,
    }
}

fn look(by: &str) -> Event {
    Event::Look(act(by, "allowed", vec![ResidentRef::from_bytes([7; 16])]))
}

fn start(settings: Settings) -> Log {
    Log::start(settings).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    files::segments(folder).unwrap().into_iter().map(|segment| segment.path).collect()
}

fn lines(folder: &Path, filter: &Filter) -> Vec<Line> {
    let mut out = Vec::new();
    let found = search(folder, filter, |_, line| {
        out.push(line);
        ControlFlow::Continue(())
    });
    found.unwrap();
    out
}

fn checked(folder: &Path) -> Verified {
    verify(folder, None).unwrap()
}

/// A log of its own in a folder of its own.
fn fresh() -> (TempDir, Settings) {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings::new(&dir.path().join("log"), "alone", noon);
    (dir, settings)
}

#[tokio::test]
async fn lines_are_durable_in_order_chained_and_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, settings) = fresh();
    let log = start(settings.clone());
    for n in 0..50 {
        log.add(look(&format!("sato {n}"))).await.unwrap();
    }
    // Each was durable when its turn was over: another reader sees it without the log being closed.
    assert_eq!(log.durable(), 51, "a file's first line and fifty looks");
    let verified = checked(&settings.folder);
    assert_eq!((verified.lines, verified.first, verified.problems), (51, 1, Vec::new()));
    let found = lines(&settings.folder, &Filter { kind: Some(SecurityEvent::Look), ..Filter::default() });
    let names: Vec<_> = found.iter().map(|line| line.text(SecurityField::By).unwrap()).collect();
    assert_eq!(names, (0..50).map(|n| format!("sato {n}")).collect::<Vec<_>>());
    let first = &found[0];
    assert_eq!(first.text(SecurityField::At).unwrap(), "2026-11-30T12:00:00.000+09:00");
    assert_eq!(first.text(SecurityField::Residents).unwrap(), "07".repeat(16));
    let file = &files(&settings.folder)[0];
    assert!(file.ends_with("security-00000001-2026-11-30.jsonl"), "{file:?}");
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(&settings.folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn what_nothing_waits_for_is_there_when_the_log_is_closed() {
    let (_dir, settings) = fresh();
    let log = start(settings.clone());
    let question = Event::Question(act("sato", "allowed", Vec::new()));
    (0..300).for_each(|_| log.note(question.clone()));
    log.close().await;
    assert_eq!(checked(&settings.folder).lines, 301);
    assert!(log.must(look("late")).await.is_err(), "a log that is closed takes no line");
}

/// Everything that a crash can leave of the last lines: each prefix of the file.
#[tokio::test]
async fn a_torn_last_line_is_cut_off_and_a_line_says_so() {
    let (_dir, settings) = fresh();
    let log = start(settings.clone());
    for _ in 0..3 {
        log.must(look("sato")).await.unwrap();
    }
    log.close().await;
    let file = files(&settings.folder).remove(0);
    let whole = std::fs::read(&file).unwrap();
    for cut in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        let (_dir, settings) = fresh();
        std::fs::create_dir_all(&settings.folder).unwrap();
        std::fs::write(settings.folder.join(file.file_name().unwrap()), &whole[..cut]).unwrap();
        let kept = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        let is_torn = cut > 0 && whole[cut - 1] != b'\n';
        let log = start(settings.clone());
        log.must(look("tanaka")).await.unwrap();
        log.close().await;
        let verified = checked(&settings.folder);
        assert_eq!(verified.problems, [], "cut at {cut}");
        let found = lines(&settings.folder, &Filter::default());
        let torn = found.iter().filter(|line| line.event == "torn_line_cut").count();
        assert_eq!(torn, usize::from(is_torn), "cut at {cut}: {found:?}");
        assert_eq!(found.last().unwrap().text(SecurityField::By).unwrap(), "tanaka");
        assert_eq!(found.len(), kept.max(1) + torn + 1, "cut at {cut}");
    }
}

#[tokio::test]
async fn every_flipped_byte_and_every_removed_line_is_found() {
    let (_dir, settings) = fresh();
    let log = start(settings.clone());
    for n in 0..6 {
        log.must(look(&format!("person {n}"))).await.unwrap();
    }
    log.close().await;
    let file = files(&settings.folder).remove(0);
    let whole = std::fs::read(&file).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        let verified = checked(&settings.folder);
        // The last line end becomes a line that is being written.
        let found = !verified.problems.is_empty() || verified.unfinished > 0;
        assert!(found, "byte {at} of {} is not missed", whole.len());
    }
    let text = String::from_utf8(whole.clone()).unwrap();
    let all: Vec<&str> = text.lines().collect();
    for gone in 0..all.len() - 1 {
        let rest: Vec<&str> = all.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| *line).collect();
        std::fs::write(&file, rest.join("\n") + "\n").unwrap();
        assert_ne!(checked(&settings.folder).problems, [], "line {gone} is not missed");
    }
    std::fs::write(&file, all[..all.len() - 1].join("\n") + "\n").unwrap();
    assert_eq!(checked(&settings.folder).problems, [], "nothing behind a log's end says that it was cut off");
    let hash = Line::parse(all[all.len() - 1]).unwrap().hash().unwrap();
    let noted = Head { seq: 7, hash };
    assert_eq!(verify(&settings.folder, Some(noted)).unwrap().problems, [Problem::NotThere { seq: 7 }]);
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(verify(&settings.folder, Some(noted)).unwrap().problems, []);
}

#[tokio::test]
async fn a_line_that_was_written_anew_with_its_hash_breaks_the_next_one() {
    let (_dir, settings) = fresh();
    let log = start(settings.clone());
    for _ in 0..3 {
        log.must(look("sato")).await.unwrap();
    }
    log.close().await;
    let file = files(&settings.folder).remove(0);
    let text = std::fs::read_to_string(&file).unwrap();
    let mut all: Vec<String> = text.lines().map(str::to_owned).collect();
    let before = Line::parse(&all[0]).unwrap().hash().unwrap();
    let (body, _) = line::parts(&all[1]).unwrap();
    let body = body.replace("sato", "mori");
    all[1] = format!("{body},\"hash\":\"{}\"}}", before.followed_by(body.as_bytes()));
    std::fs::write(&file, all.join("\n") + "\n").unwrap();
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(checked(&settings.folder).problems, [Problem::Changed { file: name, line: 3, seq: 3 }]);
}

#[tokio::test]
async fn files_end_by_size_and_the_chain_goes_on_through_them() {
    let (_dir, settings) = fresh();
    let settings = Settings { file_bytes: 1_000, ..settings };
    for round in 0..3 {
        let log = start(settings.clone());
        for _ in 0..8 {
            log.must(look(&format!("round {round}"))).await.unwrap();
        }
        log.close().await;
    }
    let all = files(&settings.folder);
    assert!(all.len() >= 6, "{all:?}");
    let verified = checked(&settings.folder);
    assert_eq!((verified.problems.len(), verified.files), (0, u64::try_from(all.len()).unwrap()));
    assert_eq!(lines(&settings.folder, &Filter { kind: Some(SecurityEvent::Look), ..Filter::default() }).len(), 24);
    std::fs::remove_file(&all[2]).unwrap();
    let problems = checked(&settings.folder).problems;
    assert!(matches!(problems[..], [Problem::Begins { .. }, Problem::Missing { .. }]), "{problems:?}");
}

static DAY: AtomicI64 = AtomicI64::new(0);

fn on_that_day() -> Millis {
    Millis(NOON + DAY.load(Ordering::Relaxed) * DAY_MS)
}

#[tokio::test]
async fn old_files_go_and_the_log_says_so_first() {
    let (_dir, settings) = fresh();
    let settings = Settings { keep_days: 2, clock: on_that_day, ..settings };
    let log = start(settings.clone());
    for day in 0..6 {
        DAY.store(day, Ordering::Relaxed);
        log.must(look("sato")).await.unwrap();
    }
    let days: Vec<_> = files::segments(&settings.folder).unwrap().iter().map(|file| file.day.to_string()).collect();
    assert_eq!(days, ["2026-12-03", "2026-12-04", "2026-12-05"]);
    let verified = checked(&settings.folder);
    assert_eq!(verified.problems, [], "what retention removed is not missing");
    assert!(verified.first > 1);
    // A file that somebody else removed is.
    let first = files(&settings.folder).remove(0);
    std::fs::remove_file(first).unwrap();
    assert!(matches!(checked(&settings.folder).problems[..], [Problem::Missing { .. }]));
    // A clock that jumps ahead does not empty the log at once.
    DAY.store(20, Ordering::Relaxed);
    for _ in 0..20 {
        log.must(look("sato")).await.unwrap();
    }
    DAY.store(10_000, Ordering::Relaxed);
    let settings = Settings { file_bytes: 300, ..settings };
    log.close().await;
    let log = start(settings.clone());
    (0..10).for_each(|_| log.note(look("tanaka")));
    log.close().await;
    assert!(!files(&settings.folder).is_empty());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_refuses_what_must_be_logged_and_recovers_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    // A file stands where the folder is to be: for root, too, nothing can be written there.
    let in_the_way = dir.path().join("there");
    std::fs::write(&in_the_way, b"").unwrap();
    let settings = Settings::new(&in_the_way.join("log"), "alone", noon);
    let log = start(settings.clone());
    assert!(log.ready().is_ok(), "nothing has failed yet");
    let refused = log.must(look("sato")).await.unwrap_err();
    assert!(refused.to_string().starts_with("the security log cannot be written ("), "{refused}");
    assert!(log.ready().is_err());
    log.note(Event::Question(act("sato", "allowed", Vec::new())));
    std::fs::remove_file(&in_the_way).unwrap();
    let begin = std::time::Instant::now();
    while log.ready().is_err() && begin.elapsed().as_secs() < 10 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    log.must(look("tanaka")).await.unwrap();
    let kinds: Vec<_> = lines(&settings.folder, &Filter::default()).into_iter().map(|line| line.event).collect();
    assert_eq!(
        kinds,
        ["file_begun", "unwritable", "question", "look"],
        "what waited came after all, and the gap is told"
    );
    assert_eq!(checked(&settings.folder).problems, []);
}

#[tokio::test]
async fn two_programs_do_not_write_one_log() {
    let (_dir, settings) = fresh();
    let first = start(settings.clone());
    first.must(look("sato")).await.unwrap();
    let second = start(settings.clone());
    let refused = second.must(look("tanaka")).await.unwrap_err();
    assert!(refused.to_string().contains("another kazasu process"), "{refused}");
    drop(first);
    second.must(look("tanaka")).await.unwrap();
    assert_eq!(checked(&settings.folder).problems, []);
}

#[tokio::test]
async fn commands_that_run_side_by_side_write_one_chain_in_turn() {
    let (_dir, settings) = fresh();
    let patience = std::time::Duration::from_secs(10);
    let settings = Settings { writers: Writers::Several, patience, file_bytes: 3_000, ..settings };
    let logs: Vec<Log> = (0..4).map(|_| start(settings.clone())).collect();
    for round in 0..10 {
        for (nth, log) in logs.iter().enumerate() {
            log.must(look(&format!("command {nth} {round}"))).await.unwrap();
        }
    }
    drop(logs);
    let verified = checked(&settings.folder);
    assert_eq!(verified.problems, []);
    assert!(verified.files > 2, "{verified:?}");
    assert_eq!(lines(&settings.folder, &Filter { kind: Some(SecurityEvent::Look), ..Filter::default() }).len(), 40);
}

#[tokio::test]
async fn the_end_of_a_long_file_is_found_without_reading_all_of_it() {
    let (_dir, settings) = fresh();
    let configuration = Digest::of(b"a");
    let log = start(settings.clone());
    let version = Word::new("0.1.0");
    log.add(Event::Started(Start { version: version.clone(), configuration })).await.unwrap();
    (0..2_000).for_each(|_| log.note(look("sato")));
    log.close().await;
    let file = files(&settings.folder).remove(0);
    assert!(std::fs::metadata(&file).unwrap().len() > 600_000);
    std::fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"{\"seq\":20").unwrap();
    let log = start(settings.clone());
    log.add(Event::Started(Start { version, configuration })).await.unwrap();
    log.close().await;
    assert_eq!(checked(&settings.folder).problems, []);
    let changed = Filter { kind: Some(SecurityEvent::ConfigurationChanged), ..Filter::default() };
    assert_eq!(lines(&settings.folder, &changed).len(), 0, "the configuration far before is remembered");
    let torn = Filter { kind: Some(SecurityEvent::TornLineCut), ..Filter::default() };
    assert_eq!(lines(&settings.folder, &torn).len(), 1);
}

#[tokio::test]
async fn what_finds_no_room_in_the_queue_is_counted() {
    let (_dir, settings) = fresh();
    let log = start(Settings { queue: 4, ..settings.clone() });
    (0..20_000).for_each(|_| log.note(look("sato")));
    log.must(look("tanaka")).await.ok();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    log.must(look("tanaka")).await.unwrap();
    log.close().await;
    let all = lines(&settings.folder, &Filter::default());
    let looks =
        u64::try_from(all.iter().filter(|line| line.text(SecurityField::By).as_deref() == Some("sato")).count());
    let lost = all.iter().filter(|line| line.event == "lines_lost");
    let lost: u64 = lost.map(|line| line.text(SecurityField::Lines).unwrap().parse::<u64>().unwrap()).sum();
    assert!(lost > 0, "the queue was never full");
    assert_eq!(looks.unwrap() + lost, 20_000);
}

#[tokio::test]
async fn a_changed_configuration_is_a_line_also_when_a_file_ended_between() {
    let (_dir, settings) = fresh();
    for (round, configuration) in ["a", "a", "b"].into_iter().enumerate() {
        let log = start(Settings { file_bytes: 1, ..settings.clone() });
        let configuration = Digest::of(configuration.as_bytes());
        let version = Word::new("0.1.0");
        log.add(Event::Started(Start { version, configuration })).await.unwrap();
        log.add(Event::Stopped(Stop {})).await.unwrap();
        log.close().await;
        let kind = Some(SecurityEvent::ConfigurationChanged);
        let changed = lines(&settings.folder, &Filter { kind, ..Filter::default() });
        assert_eq!(changed.len(), usize::from(round == 2));
    }
    assert_eq!(checked(&settings.folder).problems, []);
}

/// What must not be in any line, in the forms that people and messages write it.
const FORBIDDEN: [&str; 12] = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "４１１１１１１１１１１１１１１１",
    "378282246310005",
    "3782 822463 10005",
    "1234567",
    "１２３４５６７",
    "0001-234-7654321",
    "AAAQEAYEAUDAOCAJBIFQYDIOB4",
    "kz_live_0123456789abcdefghij",
    "3f9a0c55d2e84b7790aa6611c0ffee00",
];

/// Digits or letters that are left of one of these.
fn tells(line: &str, secret: &str) -> bool {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let ascii: String = secret
        .chars()
        .map(|c| match u32::from(c) {
            n @ 0xff10..=0xff19 => char::from_digit(n - 0xff10, 10).unwrap(),
            _ => c,
        })
        .collect();
    // The account of the third form stands behind its bank and branch.
    let long = ascii.rsplit('-').next().filter(|part| part.len() == 7).map_or_else(|| ascii.clone(), str::to_owned);
    line.contains(secret) || line.contains(&ascii) || plain(line).contains(&plain(&long))
}

#[test]
fn no_line_of_any_event_tells_a_card_an_account_a_token_or_a_ppid() {
    let place = line::Place { seq: 1, at: noon(), node: "alone" };
    for secret in FORBIDDEN {
        for text in [secret.to_owned(), format!("理由: {secret}, please"), format!("x={secret}\n{secret}")] {
            for event in Event::samples(&text) {
                let mut line = String::new();
                line::write(&event, &place, &Digest::default(), &mut line);
                // Hashes and references are the log's own.
                let own = without_own_hashes(&line);
                assert!(!tells(&own, secret), "{secret}: {line}");
                assert_eq!(line.lines().count(), 1, "{line}");
                Line::parse(line.trim_end()).unwrap();
            }
        }
    }
    assert!(tells("why: 4111111111111111", "4111 1111 1111 1111"), "the test can fail");
}

/// A line without its own hashes and references: fields whose values are 32 or 64 hexadecimal digits.
fn without_own_hashes(line: &str) -> String {
    let mut out = Line::parse(line.trim_end()).unwrap().fields;
    for own in ["hash", "after", "configuration", "before", "residents", "at", "seq"] {
        out.remove(own);
    }
    serde_json::to_string(&out).unwrap()
}

#[test]
fn ordinary_text_stays_as_it_is() {
    let mut out = String::new();
    for text in ["本人から電話、カード紛失", "refund of 12,000 yen on 2026-11-30, batch 12", "M3 \"quoted\" \\ back"]
    {
        out.clear();
        value::Value::write(&Free::new(text), &mut out);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
    for (object, written) in [
        (Object::numbered("batch", 12), "\"batch 12\""),
        (Object::numbered("record", 123_456_789), "\"record 123456789\""),
        (Object::named("merchant", "M30000000000001"), "\"merchant M30000000000001\""),
        (Object::named("city", "13361"), "\"city 13361\""),
    ] {
        out.clear();
        value::Value::write(&object, &mut out);
        assert_eq!(out, written);
    }
}

#[test]
fn every_event_has_a_row_and_its_line_has_the_fields_of_its_row() {
    let kinds: BTreeSet<_> = Event::samples("x").iter().map(Event::kind).collect();
    assert_eq!(kinds.len(), SecurityEvent::LIST.len(), "one sample for each");
    let place = line::Place { seq: 1, at: noon(), node: "alone" };
    let mut used = BTreeSet::from(["seq", "at", "node", "event", "hash"]);
    for event in Event::samples("x") {
        let mut line = String::new();
        line::write(&event, &place, &Digest::default(), &mut line);
        let fields = Line::parse(line.trim_end()).unwrap().fields;
        let row: Vec<_> = Event::fields(event.kind()).iter().map(|field| field.code()).collect();
        used.extend(row.iter());
        let all = ["seq", "at", "node", "event", "hash"].into_iter().chain(row).collect::<BTreeSet<_>>();
        assert_eq!(fields.keys().map(String::as_str).collect::<BTreeSet<_>>(), all, "{line}");
    }
    let known: BTreeSet<_> = SecurityField::LIST.iter().map(|field| field.code()).collect();
    assert_eq!(used, known, "a field that no event has");
}

#[test]
fn a_reference_is_of_a_key_and_a_person() {
    let (one, other) = (Key::new(vec![1; 32]).unwrap(), Key::new(vec![2; 32]).unwrap());
    let (a, b) = (Ppid::from_bytes([1; 16]), Ppid::from_bytes([2; 16]));
    let of = |ppid: &Ppid, key: &Key| ResidentRef::new(ppid, key).unwrap().to_string();
    assert_eq!(of(&a, &one), of(&a, &one));
    assert_ne!(of(&a, &one), of(&b, &one));
    assert_ne!(of(&a, &one), of(&a, &other));
    assert_eq!(of(&a, &one).len(), 32);
}

#[tokio::test]
async fn searches_restrict_by_time_person_resident_kind_and_outcome() {
    let (_dir, settings) = fresh();
    let log = start(settings.clone());
    let (a, b) = (ResidentRef::from_bytes([1; 16]), ResidentRef::from_bytes([2; 16]));
    log.must(Event::Look(act("Suzuki", "allowed", vec![a]))).await.unwrap();
    log.must(Event::Look(act("tanaka", "refused", vec![a, b]))).await.unwrap();
    log.must(Event::Command(act("ｓｕｚｕｋｉ", "allowed", vec![b]))).await.unwrap();
    log.must(Event::Export(act("suzuki \"4111", "allowed", Vec::new()))).await.unwrap();
    let found = |filter: Filter| lines(&settings.folder, &filter).iter().map(|line| line.seq).collect::<Vec<_>>();
    let any = Filter::default;
    assert_eq!(found(any()), [1, 2, 3, 4, 5]);
    assert_eq!(found(Filter { person: Some("suzuki".into()), ..any() }), [2, 4], "one name, however it is spelt");
    assert_eq!(found(Filter { person: Some("suzuki \"4111".into()), ..any() }), [5], "a quotation mark in a name");
    assert_eq!(found(Filter { resident: Some(a), ..any() }), [2, 3]);
    assert_eq!(found(Filter { resident: Some(b), kind: Some(SecurityEvent::Look), ..any() }), [3]);
    assert_eq!(found(Filter { outcome: Some("refused".into()), ..any() }), [3]);
    assert_eq!(found(Filter { after: 3, ..any() }), [4, 5]);
    assert_eq!(found(Filter { from: Some(Millis(NOON)), until: Some(Millis(NOON + 1)), ..any() }).len(), 5);
    assert_eq!(found(Filter { until: Some(Millis(NOON)), ..any() }), [] as [u64; 0]);
    assert_eq!(found(Filter { from: Some(Millis(NOON + 1)), ..any() }), [] as [u64; 0]);
}

#[tokio::test]
async fn syslog_has_every_field_and_escapes_what_ends_a_parameter() {
    let (_dir, settings) = fresh();
    let log = start(settings.clone());
    let why = Some(Free::new("called \"me\" [twice] \\ today"));
    log.must(Event::Look(Act { why, ..act("鈴木", "allowed", Vec::new()) })).await.unwrap();
    let line = lines(&settings.folder, &Filter { after: 1, ..Filter::default() }).remove(0);
    let hash = line.hash().unwrap();
    let expected = format!(
        "<109>1 2026-11-30T12:00:00.000+09:00 alone kazasu - look [kazasu@32473 by=\"鈴木\" caller=\"person\" hash=\"{hash}\" \
         operation=\"operations.resident\" outcome=\"allowed\" seq=\"2\" via=\"api\" why=\"called \\\"me\\\" [twice\\] \\\\ today\"] \
         \u{feff}a look at residents"
    );
    assert_eq!(syslog(&line), expected);
}

/// What is written in one burst and killed with the program: here the file as another process sees it at any time.
#[tokio::test]
async fn a_reader_beside_the_writer_never_sees_a_broken_chain() {
    let (_dir, settings) = fresh();
    let log = std::sync::Arc::new(start(Settings { file_bytes: 20_000, ..settings.clone() }));
    let writing = {
        let log = log.clone();
        tokio::spawn(async move {
            for _ in 0..400 {
                log.must(look("sato")).await.unwrap();
            }
        })
    };
    while !writing.is_finished() {
        let verified = checked(&settings.folder);
        assert_eq!(verified.problems, []);
        tokio::task::yield_now().await;
    }
    writing.await.unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(files(&settings.folder).pop().unwrap()).unwrap();
    file.write_all(b"{\"seq\":").unwrap();
    assert_eq!(checked(&settings.folder).unfinished, 7);
}

/// `| \`look\` | … | \`by\`, … | yes |`.
#[test]
fn the_document_has_every_event_and_every_field() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations/security-log.md");
    let document = std::fs::read_to_string(path).unwrap();
    for kind in SecurityEvent::LIST {
        let row = document.lines().find(|line| line.starts_with(&format!("| `{}` |", kind.code())));
        let row = row.unwrap_or_else(|| panic!("no row of {}", kind.code()));
        let as_a_command = row.contains("as a command");
        for field in Event::fields(*kind).iter().filter(|_| !as_a_command) {
            assert!(row.contains(&format!("`{}`", field.code())), "{} has {}: {row}", kind.code(), field.code());
        }
        if as_a_command {
            assert_eq!(Event::fields(*kind), Event::fields(SecurityEvent::Command));
        }
        let waits = row.trim_end_matches(['|', ' ']).ends_with("yes") || row.contains("| yes, but");
        assert_eq!(
            waits,
            Event::urgency(*kind) == Urgency::Before || *kind == SecurityEvent::RetentionApplied,
            "{row}"
        );
    }
}
