//! The book's rules as small stories, scripts, and the configuration's errors.

use super::book::{Entry, Verdict};
use super::journal::write_line;
use super::script::ScriptRun;
use super::tag::{AccountTag, Tagger};
use super::*;
use kazasu_schemas::ids::{Mcc, Rrn, Stan};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::secret::Pan;
use kazasu_schemas::wire::issuer::{Account, IssuerOperation, IssuerRequest};

const PAN: &str = "4111111111111111";

/// A book with one account of ¥1,000, and every entry it made.
struct Issuer {
    book: Book,
    tag: AccountTag,
    entries: Vec<Entry>,
}

impl Issuer {
    fn new() -> Issuer {
        let tag = Tagger::new(None).tag(&Account::Card(Pan::parse(PAN.as_bytes()).unwrap()));
        let mut book = Book::new(None, 1_000);
        book.open(tag.token, 1_000);
        Issuer { book, tag, entries: Vec::new() }
    }

    fn ask(&mut self, request: &IssuerRequest) -> String {
        match self.book.decide(request, self.tag, None) {
            Verdict::Enter(entry) => {
                self.book.apply(&entry);
                self.entries.push(entry);
                entry.code.to_string()
            }
            Verdict::Again(code, _) => format!("again {code}"),
            Verdict::Refuse => "refused".to_owned(),
        }
    }

    /// Available, held, spent.
    fn funds(&self) -> (i64, i64, i64) {
        self.book.account(self.tag.token).unwrap()
    }

    fn effective(&self) -> Vec<(u64, i64)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut lines = Vec::new();
        self.entries.iter().for_each(|entry| write_line("i", 0, entry, &mut lines));
        std::fs::write(&path, &lines).unwrap();
        effective(&path).unwrap().into_iter().map(|((_, id), yen)| (id, yen)).collect()
    }
}

fn message(operation: IssuerOperation, id: u64, amount: i64, about: Option<&IssuerRequest>) -> IssuerRequest {
    IssuerRequest {
        operation,
        repeat: false,
        account: Account::Card(Pan::parse(PAN.as_bytes()).unwrap()),
        amount: Yen::new(amount),
        transmission: Millis(1_795_000_000_000).transmission(),
        stan: Stan::wrapping(id),
        mcc: Mcc::new(5_411).unwrap(),
        entry_mode: 72,
        acquirer: "00099999".parse().unwrap(),
        rrn: Rrn::from_number(id),
        terminal: "T0000001".parse().unwrap(),
        merchant: "M00000000000001".parse().unwrap(),
        original: about.map(IssuerRequest::as_original),
        replacement: None,
    }
}

fn purchase(id: u64, amount: i64) -> IssuerRequest {
    message(IssuerOperation::Purchase, id, amount, None)
}

fn reversal(id: u64, of: &IssuerRequest) -> IssuerRequest {
    message(IssuerOperation::Reversal, id, of.amount.get(), Some(of))
}

#[test]
fn purchases_spend_what_is_there_and_no_more() {
    let mut i = Issuer::new();
    assert_eq!(i.ask(&purchase(1, 600)), "00");
    assert_eq!(i.ask(&purchase(2, 401)), "51");
    assert_eq!(i.ask(&purchase(3, 400)), "00");
    assert_eq!(i.ask(&purchase(4, 0)), "13");
    assert_eq!(i.funds(), (0, 0, 1_000));
    assert_eq!(i.effective(), [(1, 600), (2, 0), (3, 400), (4, 0)]);
}

#[test]
fn an_unlisted_account_is_unknown_unless_there_is_a_default() {
    let stranger = AccountTag { last_four: *b"9999", token: 42 };
    let refused = Book::new(None, 10).decide(&purchase(1, 1), stranger, None);
    assert!(matches!(refused, Verdict::Enter(entry) if entry.code.as_str() == "14"));
    let taken = Book::new(Some(5), 10).decide(&purchase(1, 5), stranger, None);
    assert!(matches!(taken, Verdict::Enter(entry) if entry.code.is_approved()));
}

#[test]
fn repeats_get_the_stored_answer_and_other_content_is_refused() {
    let mut i = Issuer::new();
    let first = purchase(1, 600);
    assert_eq!(i.ask(&first), "00");
    assert_eq!(i.ask(&first), "again 00");
    let mut repeat = purchase(1, 600);
    repeat.repeat = true;
    assert_eq!(i.ask(&repeat), "again 00");
    assert_eq!(i.ask(&purchase(1, 601)), "refused");
    assert_eq!(i.funds(), (400, 0, 600));
}

#[test]
fn a_hold_is_completed_in_part_once() {
    let mut i = Issuer::new();
    let hold = message(IssuerOperation::Authorize, 1, 800, None);
    assert_eq!(i.ask(&hold), "00");
    assert_eq!(i.funds(), (200, 800, 0));
    assert_eq!(i.ask(&purchase(2, 201)), "51");
    let completion = message(IssuerOperation::Completion, 3, 500, Some(&hold));
    assert_eq!(i.ask(&completion), "00");
    assert_eq!(i.funds(), (500, 0, 500));
    assert_eq!(i.ask(&message(IssuerOperation::Completion, 4, 100, Some(&hold))), "94");
    assert_eq!(i.ask(&reversal(5, &hold)), "12");
    assert_eq!(i.ask(&message(IssuerOperation::Refund, 6, 501, Some(&hold))), "13");
    assert_eq!(i.ask(&message(IssuerOperation::Refund, 7, 200, Some(&hold))), "00");
    assert_eq!(i.funds(), (700, 0, 300));
    assert_eq!(i.effective(), [(1, 0), (2, 0), (3, 500), (4, 0), (6, 0), (7, -200)]);
}

#[test]
fn reversals_undo_all_or_a_part() {
    let mut i = Issuer::new();
    let (whole, part) = (purchase(1, 300), purchase(2, 400));
    let hold = message(IssuerOperation::Authorize, 3, 100, None);
    for request in [&whole, &part, &hold] {
        assert_eq!(i.ask(request), "00");
    }
    assert_eq!(i.ask(&reversal(4, &whole)), "00");
    let mut partial = reversal(5, &part);
    partial.replacement = Some(Yen::new(150));
    assert_eq!(i.ask(&partial), "00");
    assert_eq!(i.ask(&partial), "again 00");
    assert_eq!(i.ask(&reversal(6, &hold)), "00");
    assert_eq!(i.funds(), (850, 0, 150));
    partial = reversal(7, &part);
    partial.replacement = Some(Yen::new(151));
    assert_eq!(i.ask(&partial), "13", "a reversal cannot add");
    assert_eq!(i.ask(&message(IssuerOperation::Completion, 8, 100, Some(&hold))), "94", "the hold is gone");
    assert_eq!(i.effective(), [(1, 0), (2, 150), (3, 0), (8, 0)]);
}

#[test]
fn refunds_are_limited_by_what_was_paid_and_can_be_reversed() {
    let mut i = Issuer::new();
    let paid = purchase(1, 500);
    i.ask(&paid);
    let refund = message(IssuerOperation::Refund, 2, 300, Some(&paid));
    assert_eq!(i.ask(&refund), "00");
    assert_eq!(i.ask(&message(IssuerOperation::Refund, 3, 201, Some(&paid))), "13");
    assert_eq!(i.ask(&reversal(4, &paid)), "13", "a part is refunded already");
    assert_eq!(i.ask(&reversal(5, &refund)), "00");
    assert_eq!(i.ask(&message(IssuerOperation::Refund, 6, 500, Some(&paid))), "00");
    assert_eq!(i.ask(&message(IssuerOperation::Refund, 7, 1, Some(&purchase(99, 1)))), "25");
    assert_eq!(i.funds(), (1_000, 0, 0));
    assert_eq!(i.effective(), [(1, 500), (2, 0), (3, 0), (6, -500), (7, 0)]);
}

#[test]
fn a_reversal_before_its_original_leaves_a_tombstone() {
    let mut i = Issuer::new();
    let late = purchase(1, 300);
    assert_eq!(i.ask(&reversal(2, &late)), "00");
    assert_eq!(i.ask(&late), "refused");
    assert_eq!(i.ask(&late), "refused");
    assert_eq!(i.funds(), (1_000, 0, 0));
    assert_eq!(i.effective(), []);
}

#[test]
fn advices_are_accepted_whatever_the_funds() {
    let mut i = Issuer::new();
    assert_eq!(i.ask(&message(IssuerOperation::PurchaseAdvice, 1, 1_500, None)), "00");
    assert_eq!(i.ask(&message(IssuerOperation::RefundAdvice, 2, 100, None)), "00");
    let unseen = message(IssuerOperation::Authorize, 98, 50, None);
    assert_eq!(i.ask(&message(IssuerOperation::Completion, 3, 50, Some(&unseen))), "00");
    assert_eq!(i.funds(), (-450, 0, 1_450));
}

#[test]
fn a_replayed_book_is_the_same_book() {
    let mut i = Issuer::new();
    let (paid, hold) = (purchase(1, 300), message(IssuerOperation::Authorize, 2, 400, None));
    let late = purchase(9, 10);
    for request in [&paid, &hold, &reversal(3, &late), &reversal(4, &paid)] {
        i.ask(request);
    }
    let mut again = Issuer::new();
    i.entries.iter().for_each(|entry| again.book.apply(entry));
    assert_eq!(again.funds(), i.funds());
    assert_eq!(again.ask(&paid), "again 00");
    assert_eq!(again.ask(&late), "refused");
    assert_eq!(again.ask(&message(IssuerOperation::Completion, 5, 400, Some(&hold))), "00");
}

#[test]
fn the_journal_survives_a_torn_line_and_names_a_bad_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut i = Issuer::new();
    i.ask(&purchase(1, 300));
    let mut lines = Vec::new();
    write_line("i", 7, &i.entries[0], &mut lines);
    let text = String::from_utf8(lines.clone()).unwrap();
    assert!(!text.contains(PAN) && text.contains("\"1111-"), "{text}");
    std::fs::write(&path, [&lines[..], b"{\"issuer\":\"i"].concat()).unwrap();
    let mut seen = Vec::new();
    let mut journal = Journal::open(&path, |name, entry| seen.push((name.to_owned(), *entry))).unwrap();
    assert_eq!(seen, [("i".to_owned(), i.entries[0])]);
    journal.append(&lines).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), [&lines[..], &lines[..]].concat());
    std::fs::write(&path, [b"nonsense\n", &lines[..]].concat()).unwrap();
    assert!(effective(&path).unwrap_err().to_string().contains("line 1"));
}

fn config(text: &str) -> Result<SimConfig, String> {
    SimConfig::from_toml(text).map_err(|error| error.to_string())
}

#[test]
fn scripts_are_words_tables_and_lists() {
    let text = r#"
        [[issuer]]
        name = "a"
        kind = "credit"
        listen = "127.0.0.1:0"
        default_account = { balance = 100, script = "duplicate" }
        [[issuer.account]]
        number = "4111111111111111"
        limit = 5
        script = [{ silence = true, times = 1 }, { decline = "05", every = 2 }, { late_ms = 9, on = "advices" }]
    "#;
    let config = config(text).unwrap();
    let issuer = &config.issuers[0];
    assert_eq!(issuer.default_account.as_ref().unwrap().script, Action::Duplicate.into());
    let mut run = ScriptRun::new(&issuer.accounts[0].script);
    let mut actions = |operation| run.next(operation).map(|step| step.action);
    let declined = Some(Action::Decline(kazasu_schemas::wire::ResponseCode::from_wire(b"05").unwrap()));
    let purchase = IssuerOperation::Purchase;
    assert_eq!(actions(purchase), Some(Action::Silence));
    assert_eq!([actions(purchase), actions(purchase), actions(purchase)], [declined, None, declined]);
    assert_eq!(actions(IssuerOperation::Reversal), Some(Action::AnswerAfter(9)));
}

#[test]
fn a_wrong_configuration_is_named_and_shows_no_card_number() {
    let issuer = "[[issuer]]\nname = \"a\"\nkind = \"credit\"\nlisten = \"x\"\n";
    let account = |rest: &str| config(&format!("{issuer}[[issuer.account]]\nbalance = 1\n{rest}")).unwrap_err();
    let cases = [
        (config("").unwrap_err(), "issuer"),
        (config(&format!("{issuer}{issuer}")).unwrap_err(), "unique"),
        (config(&format!("{issuer}colour = 1\n")).unwrap_err(), "colour"),
        (account("number = \"4111111111111112\""), "check digit"),
        (account("number = 4111111111111111"), "text in quotes"),
        (account("number = \"4111111111111111\"\nscript = \"sleep\""), "sleep"),
        (account("number = \"4111111111111111\"\nscript = { silence = true, duplicate = true }"), "exactly one"),
        (account("number = \"4111111111111111\"\nscript = { decline = \"00\" }"), "other than 00"),
        (account("number = \"4111111111111111\"\nscript = { wrong = \"colour\" }"), "colour"),
    ];
    for (error, part) in cases {
        assert!(error.contains(part), "{error:?} should contain {part:?}");
        assert!(!error.contains("411111111111111"), "{error}");
    }
}
