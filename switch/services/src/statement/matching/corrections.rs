//! The bank's corrections (kind 19): which line each one undoes.

use super::*;

/// May a correction be about the line of this name?
pub(super) fn undoes(correction: &Row, name: &LineName) -> bool {
    let days = correction.name.day.0 - name.day.0;
    name.is_of(&correction.name)
        && name.way != correction.name.way
        && name.yen == correction.name.yen
        && (0..=CORRECTION_DAYS).contains(&days)
}

/// Lines that a correction may be about: their names, and where they stand in this file.
type About = Vec<(String, Option<usize>)>;

/// The bank's own corrections: each undoes the one line that it fits.
pub(super) fn corrections(rows: &[Row], picture: &Picture, found: &mut [Option<Finding>]) {
    let mut claims: BTreeMap<String, usize> = BTreeMap::new();
    let mut fits: BTreeMap<usize, About> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.entry.kind == TransactionKind::Correction) {
        if found[at].is_none() {
            let of = about(row, rows, picture, found);
            of.iter().for_each(|(line, _)| *claims.entry(line.clone()).or_default() += 1);
            fits.insert(at, of);
        }
    }
    for (at, of) in &fits {
        match &of[..] {
            [] => {
                found[*at] = Some(Finding::open(&OpenReason::CorrectsUnknown, Vec::new()));
            }
            [(line, here)] if claims[line] == 1 => correct(rows, picture, found, (*at, line, *here)),
            _ => {
                found[*at] = Some(Finding::open(&OpenReason::CorrectsSeveral, correcting(of)));
                for n in of.iter().filter_map(|(_, n)| *n) {
                    let why = OpenReason::CorrectedIn { record: number(rows[*at].record) };
                    found[n].get_or_insert_with(|| Finding::open(&why, fitting(&rows[n], picture)));
                }
            }
        }
    }
}

/// The lines that a correction undoes by its account, sum and days, in the journal and in this file.
fn about(row: &Row, rows: &[Row], picture: &Picture, found: &[Option<Finding>]) -> About {
    let undoes = |name: &LineName| undoes(row, name);
    let booked = picture.booked.iter().filter(|b| b.amount == row.entry.amount).filter_map(|b| {
        let name = LineName::parse(&b.reference).filter(undoes)?;
        Some((name, b.reference.clone(), None))
    });
    let here = rows.iter().enumerate().filter(|(n, other)| {
        found[*n].is_none() && other.entry.kind != TransactionKind::Correction && undoes(&other.name)
    });
    let here = here.map(|(n, other)| (other.name.clone(), other.reference.clone(), Some(n)));
    let all: Vec<(LineName, String, Option<usize>)> = booked.chain(here).collect();
    // A correction that repeats the line's text names the line.
    let same: Vec<_> = all.iter().filter(|(name, ..)| name.about == row.name.about).cloned().collect();
    let of = if same.is_empty() { all } else { same };
    of.into_iter().map(|(_, reference, n)| (reference, n)).collect()
}

fn correction_of(line: &str) -> Candidate {
    Candidate { what: Said::of(&CandidateText::Corrects { line }), say: format!("--corrects \"{line}\"") }
}

fn correcting(of: &About) -> Vec<Candidate> {
    of.iter().map(|(line, _)| correction_of(line)).collect()
}

/// A correction of exactly one line, which is in this file too, or in the journal.
fn correct(
    rows: &[Row],
    picture: &Picture,
    found: &mut [Option<Finding>],
    (at, line, here): (usize, &String, Option<usize>),
) {
    let row = &rows[at];
    let booked = picture.booked.iter().find(|b| b.reference == *line);
    let mine = match here {
        Some(_) => picture.is_my_account(row.account.as_ref()),
        None => booked.is_some_and(|b| picture.is_my_line(b)),
    };
    if !mine {
        found[at] = Some(Finding::open(&OpenReason::CorrectsOfOthers, correcting(&vec![(line.clone(), here)])));
        return;
    }
    let Some(n) = here else {
        found[at] = Some(Finding::Book(Booking::Corrects { line: line.clone() }));
        return;
    };
    let Some(before) = picture.twin(&rows[n]).or_else(|| picture.by_hand(&rows[n])) else {
        found[at] = Some(Finding::Book(Booking::Aside(Aside::Corrected(line.clone()))));
        found[n] = Some(Finding::Book(Booking::Aside(Aside::Corrected(row.reference.clone()))));
        return;
    };
    // An earlier booking would stand, although the bank took it back.
    let reference = &before.reference;
    found[n] = Some(Finding::twin(before, vec![same_candidate(reference)]));
    let why = OpenReason::CorrectsTwin { line: Quoted(reference) };
    found[at] = Some(Finding::open(&why, vec![correction_of(reference)]));
}
