//! Files that are mended: nothing is concluded from what could not be read, and what an earlier file opened ends by itself.

use super::super::compare::sorted_out;
use super::super::mended::Before;
use super::*;
use kazasu_ledger::record::ReconRan;
use kazasu_schemas::closing::{Against, Resolution};
use kazasu_schemas::contract::Period;
use std::collections::BTreeMap;

fn town(yen: &[i64]) -> (Town, CompareWith) {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let mut town = Town::new(list);
    let day = town.state.day;
    for yen in yen {
        let buy = town.request(Operation::Purchase, 2, 0, *yen);
        town.send(&buy, true);
    }
    town.end_day();
    (town, CompareWith { against: Against::Issuer, party: "1".into(), from: day, until: day })
}

/// A file's lines: header, a line each, no total.
fn file(rows: &[Row]) -> Vec<String> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    rows.iter().for_each(|row| writer.row(row).unwrap());
    let text = String::from_utf8(writer.finish().unwrap().out).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.pop();
    lines
}

/// What was found by one file: raised, ended, undecided.
type Told = (usize, usize, u64);

/// Compares as the desk does.
fn read_in(town: &mut Town, with: &CompareWith, lines: &[String]) -> Told {
    let bytes = lines.join("\r\n").into_bytes();
    let rules = super::super::compare::rules(&Default::default(), with);
    let (report, here, there, outcome) = compared(with, &town.lines(with), &bytes, &rules).unwrap();
    let before = Before::of(&town.state, "issuer 1");
    let found = sorted_out(&before, with, (&report, &here, &there, &outcome), &[9; 32]);
    let told = (found.raised.len(), found.ended.len(), found.undecided);
    let run = u32::try_from(town.state.runs().len()).unwrap() + 1;
    if !found.raised.is_empty() {
        town.ok(Command::Closing(Closing::Raise { run, exceptions: found.raised }));
    }
    if !found.ended.is_empty() {
        town.ok(Command::Closing(Closing::End { run, ended: found.ended, by: "sato".into() }));
    }
    // Once more it says the same, as after a crash in the middle.
    let before = Before::of(&town.state, "issuer 1");
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&run.to_be_bytes());
    town.ok(Command::Closing(Closing::Ran(Box::new(ReconRan {
        run: 0,
        against: with.against,
        party: with.party.clone(),
        digest,
        period: Period { from: with.from, until: with.until },
        lines: [0; 2],
        matched: 0,
        matched_yen: Yen::ZERO,
        bad_lines: report.bad,
        exceptions: found.in_all,
        by: "sato".into(),
    }))));
    let again = sorted_out(&before, with, (&report, &here, &there, &outcome), &[9; 32]);
    assert_eq!((again.raised.len(), again.ended.len()), (0, 0), "nothing is raised or ended twice");
    told
}

fn open(town: &Town) -> BTreeMap<u64, (String, i64)> {
    let open = town.state.exceptions(WhichExceptions::Open);
    open.iter().map(|d| (d.exception.own, (d.exception.status.clone(), d.exception.theirs.get()))).collect()
}

#[test]
fn nothing_is_missing_while_lines_are_unread_and_a_mended_file_ends_what_was() {
    let (mut town, with) = town(&[100, 200, 300]);
    let good = file(&town.lines(&with));
    let mut short = good.clone();
    short.remove(2);
    // A file of which every line is unreadable, and one of which some are.
    let mut unread = good.clone();
    unread[1..].iter_mut().for_each(|line| *line = line.replace(",392,", ",yen,"));
    assert_eq!(read_in(&mut town, &with, &unread), (0, 0, 3));
    let mut some = good.clone();
    some[3] = some[3].replace(",392,", ",yen,");
    assert_eq!(read_in(&mut town, &with, &some), (0, 0, 1));
    // A file that lacks a line.
    assert_eq!(read_in(&mut town, &with, &short), (1, 0, 0));
    assert_eq!(open(&town).values().cloned().collect::<Vec<_>>(), [("missing".to_owned(), 0)]);
    // It stays while the line is among those that cannot be read, and ends with the line, although other lines are unread.
    let mut other = good.clone();
    other[2] = other[2].replace(",392,", ",yen,");
    assert_eq!(read_in(&mut town, &with, &other), (0, 0, 1));
    assert_eq!(open(&town).len(), 1);
    assert_eq!(read_in(&mut town, &with, &some), (0, 1, 1));
    assert_eq!(open(&town).len(), 0);
    let all = town.state.exceptions(WhichExceptions::All);
    let (how, _, by) = all[0].resolved.clone().unwrap();
    assert_eq!((how, by), (Resolution::Explained, kazasu_core::ResolvedBy::Comparison(5)));
    let (.., kazasu_core::Note::Found(finding)) = all[0].notes.last().unwrap() else { panic!("no finding") };
    assert_eq!(*finding, kazasu_schemas::closing::Finding::SameLater { line: 3 });
    // A file that lacks it again opens it again.
    assert_eq!(read_in(&mut town, &with, &short), (1, 0, 0));
    assert_eq!(read_in(&mut town, &with, &good), (0, 1, 0));
}

#[test]
fn a_line_that_comes_with_another_amount_is_another_difference() {
    let (mut town, with) = town(&[1_000, 200]);
    let good = file(&town.lines(&with));
    let mut short = good.clone();
    short.remove(1);
    let mut less = good.clone();
    less[1] = less[1].replace(",1000,", ",900,");
    assert_eq!(read_in(&mut town, &with, &short), (1, 0, 0));
    assert_eq!(read_in(&mut town, &with, &less), (1, 1, 0));
    assert_eq!(open(&town).values().cloned().collect::<Vec<_>>(), [("amount_under".to_owned(), 900)]);
    // A file that lacks it says no more than what is open; the right one ends it.
    assert_eq!(read_in(&mut town, &with, &short), (0, 0, 0));
    assert_eq!(read_in(&mut town, &with, &good), (0, 1, 0));
    assert_eq!(open(&town).len(), 0);
}

#[test]
fn what_two_people_resolved_stays() {
    let (mut town, with) = town(&[1_000, 200]);
    let good = file(&town.lines(&with));
    let short: Vec<String> = good.iter().enumerate().filter(|(n, _)| *n != 1).map(|(_, line)| line.clone()).collect();
    read_in(&mut town, &with, &short);
    let id = town.state.exceptions(WhichExceptions::Open)[0].exception.id;
    town.resolve(id, Resolution::Explained).unwrap();
    let before = town.state.exceptions(WhichExceptions::All);
    assert_eq!(read_in(&mut town, &with, &good), (0, 0, 0));
    assert_eq!(read_in(&mut town, &with, &short), (0, 0, 0), "the same finding is not raised again");
    assert_eq!(town.state.exceptions(WhichExceptions::All).len(), before.len());
    assert_eq!(town.state.exceptions(WhichExceptions::All)[0].resolved, before[0].resolved);
}

#[test]
fn what_was_booked_and_comes_after_all_is_told() {
    let (mut town, with) = town(&[1_000, 200]);
    let good = file(&town.lines(&with));
    let short: Vec<String> = good.iter().enumerate().filter(|(n, _)| *n != 1).map(|(_, line)| line.clone()).collect();
    read_in(&mut town, &with, &short);
    let id = town.state.exceptions(WhichExceptions::Open)[0].exception.id;
    town.resolve(id, Resolution::BookedIssuer).unwrap();
    assert_eq!(read_in(&mut town, &with, &short), (0, 0, 0), "its line is not expected any more");
    // The issuer pays it after all: a person must know.
    assert_eq!(read_in(&mut town, &with, &good), (1, 0, 0));
    assert_eq!(open(&town).into_values().collect::<Vec<_>>(), [("unexpected".to_owned(), 1_000)]);
}

#[test]
fn a_line_that_a_later_file_does_not_have_any_more_is_no_difference() {
    let still_open = |town: &Town| town.state.exceptions(WhichExceptions::Open).len();
    let (mut town, with) = town(&[1_000, 200]);
    let good = file(&town.lines(&with));
    let mut more = good.clone();
    // A line that is there twice, and one that nothing here is like.
    more.push(good[1].clone());
    let mut unknown: Vec<String> = good[1].split(',').map(str::to_owned).collect();
    for (cell, text) in [(1, "99999"), (6, "999111"), (7, "777777999111"), (8, "9Z9Z9Z"), (9, "1507")] {
        unknown[cell] = text.to_owned();
    }
    more.push(unknown.join(","));
    let (raised, ..) = read_in(&mut town, &with, &more);
    assert!(raised >= 2, "{:?}", open(&town));
    assert_eq!(still_open(&town), raised);
    let mut unread = good.clone();
    unread[1] = unread[1].replace(",392,", ",yen,");
    read_in(&mut town, &with, &unread);
    assert!(still_open(&town) >= raised, "of a file with an unread line nothing is concluded");
    assert_eq!(read_in(&mut town, &with, &good), (0, raised, 0));
    assert_eq!(still_open(&town), 0);
    // It comes again: that is told again, and once.
    assert_eq!(read_in(&mut town, &with, &more).0, raised);
    assert_eq!(read_in(&mut town, &with, &more).0, 0);
    assert_eq!(still_open(&town), raised);
}

/// The last word on a party's days is the file that came last, also when it came before.
#[test]
fn a_file_that_comes_again_after_another_one_is_compared_again() {
    let (_, with) = town(&[1_000]);
    let of = |run: u32, digest: [u8; 32]| ReconRan {
        run,
        against: with.against,
        party: with.party.clone(),
        digest,
        period: Period { from: with.from, until: with.until },
        lines: [0; 2],
        matched: 0,
        matched_yen: Yen::ZERO,
        bad_lines: 0,
        exceptions: 0,
        by: "sato".into(),
    };
    let (a, b) = ([1; 32], [2; 32]);
    let name = |runs: &[ReconRan], digest| super::super::compare::under_its_name(runs, &with, digest);
    let mut runs = Vec::new();
    for (n, (file, is_new)) in
        [(a, true), (a, false), (b, true), (a, true), (a, false), (b, true), (b, false)].into_iter().enumerate()
    {
        let under = name(&runs, file);
        assert_eq!(runs.iter().all(|r: &ReconRan| r.digest != under), is_new, "file {n}");
        if is_new {
            runs.push(of(u32::try_from(runs.len()).unwrap() + 1, under));
        }
    }
    let other = CompareWith { until: with.until.next(), ..with.clone() };
    assert_eq!(super::super::compare::under_its_name(&runs, &other, a), a, "of other days nothing was compared");
}

/// A version of a file: which lines it lacks, cannot be read, or say another amount.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    Right,
    Lacks,
    Unread,
    Less,
}

#[test]
fn what_is_open_is_what_the_last_word_on_each_line_says() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 100, ..ProptestConfig::default() });
    let version = prop_oneof![
        3 => Just(Version::Right), 2 => Just(Version::Lacks), 2 => Just(Version::Unread), 1 => Just(Version::Less)
    ];
    let files = proptest::collection::vec(proptest::collection::vec(version, 4), 1..6);
    let result = runner.run(&files, |files| {
        let (mut town, with) = town(&[1_000, 2_000, 3_000, 4_000]);
        let rows = town.lines(&with);
        let good = file(&rows);
        let mut expected: Vec<Option<&str>> = vec![None; 4];
        for versions in &files {
            let unread = versions.contains(&Version::Unread);
            let mut lines = vec![good[0].clone()];
            for (at, version) in versions.iter().enumerate() {
                let line = &good[at + 1];
                match version {
                    Version::Right => {
                        lines.push(line.clone());
                        expected[at] = None;
                    }
                    Version::Unread => lines.push(line.replace(",392,", ",yen,")),
                    Version::Less => {
                        lines.push(line.replace("000,392,", "001,392,"));
                        expected[at] = Some("amount_over");
                    }
                    // What is open stays; nothing is concluded while lines are unread.
                    Version::Lacks if !unread => expected[at] = expected[at].or(Some("missing")),
                    Version::Lacks => {}
                }
            }
            read_in(&mut town, &with, &lines);
        }
        let open = open(&town);
        for (row, expected) in rows.iter().zip(expected) {
            let found = open.get(&row.reference.unwrap().get()).map(|(status, _)| status.as_str());
            prop_assert_eq!(found, expected);
        }
        Ok(())
    });
    result.unwrap();
}
