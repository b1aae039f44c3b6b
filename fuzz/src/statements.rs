//! Banks' statements (入出金取引明細): a file is sound, or says what is bad; a sound one is written again and reads the same.

use kazasu_schemas::zengin::LineEnding;
use kazasu_schemas::money::Yen;
use kazasu_schemas::zengin::statement::{
    Entry, Header, MAX_AMOUNT, RECORD_LEN, Section, Sheet, Statement, read, write,
};

/// Any bytes, and the same cut into records of 200 bytes each of which is filled up with spaces: a fuzzer finds the length of a line
/// late, and what the fields hold is more interesting.
///
/// # Panics
/// When a file that is read breaks a rule.
pub fn statement(data: &[u8]) {
    one(data);
    let filled: Vec<u8> = data
        .split(|b| *b == b'\n')
        .flat_map(|line| {
            let mut record = line[..line.len().min(RECORD_LEN)].to_vec();
            record.resize(RECORD_LEN, b' ');
            record.push(b'\n');
            record
        })
        .collect();
    one(&filled);
}

fn one(data: &[u8]) {
    let statement = match read(data) {
        Ok(statement) => statement,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let mut last = 0;
    for line in &statement.entries {
        assert!(line.record > last, "movements are in the file's order");
        last = line.record;
        assert!(line.section < statement.sections.len(), "a movement has its account");
        assert!((0..=MAX_AMOUNT.get()).contains(&line.entry.amount.get()), "an amount is what twelve digits hold");
    }
    if statement.bad.is_empty() {
        again(&statement);
    }
}

/// One account of a sound file.
struct OwnSheet {
    header: Header,
    entries: Vec<Entry>,
    closing_balance: Option<Yen>,
}

impl OwnSheet {
    fn sheet(&self) -> Sheet<'_> {
        Sheet { header: &self.header, entries: &self.entries, closing_balance: self.closing_balance }
    }
}

/// The accounts of a sound file, whose trailers count what is there.
fn sheets_of(statement: &Statement) -> Vec<OwnSheet> {
    let one = |(at, section): (usize, &Section)| {
        let of = statement.entries.iter().filter(|line| line.section == at);
        let entries: Vec<Entry> = of.map(|line| line.entry.clone()).collect();
        let header = section.header.clone().expect("a sound file has headers");
        let trailer = section.trailer.expect("a sound file has trailers");
        assert_eq!(trailer.data_count, entries.len() as u64, "the trailer counts the movements");
        assert_eq!(trailer.in_count + trailer.out_count, trailer.data_count);
        OwnSheet { header, entries, closing_balance: trailer.closing_balance }
    };
    statement.sections.iter().enumerate().map(one).collect()
}

/// What is sound adds up, and is the same when it is written and read.
fn again(statement: &Statement) {
    let ours = sheets_of(statement);
    let sheets: Vec<Sheet<'_>> = ours.iter().map(OwnSheet::sheet).collect();
    // Dates of the former era, and periods that end before they begin, are read and not written.
    let Ok(bytes) = write(&sheets, LineEnding::CrLf) else { return };
    let second = read(&bytes).expect("what is written is a statement");
    assert_eq!(second.bad, [], "what is written is sound");
    // Texts are written from their field's first column on, and in capitals; nothing else differs.
    let entries = |s: &Statement| s.entries.iter().map(|line| without_texts(&line.entry)).collect::<Vec<_>>();
    assert_eq!(entries(&second), entries(statement), "the movements are the same");
    let accounts = |s: &Statement| s.sections.iter().map(|s| s.header.as_ref().map(account)).collect::<Vec<_>>();
    assert_eq!(accounts(&second), accounts(statement), "the accounts are the same");
    let ours = sheets_of(&second);
    let third = write(&ours.iter().map(OwnSheet::sheet).collect::<Vec<_>>(), LineEnding::CrLf);
    assert_eq!(third.as_ref(), Ok(&bytes), "what was written once stays as it is");
}

fn without_texts(entry: &Entry) -> Entry {
    let text = String::new;
    Entry {
        payer_code: text(),
        payer_name: text(),
        bank_name: text(),
        branch_name: text(),
        remarks: text(),
        edi: text(),
        ..entry.clone()
    }
}

fn account(header: &Header) -> Header {
    let text = String::new;
    Header { bank_name: text(), branch_name: text(), account_name: text(), ..header.clone() }
}
