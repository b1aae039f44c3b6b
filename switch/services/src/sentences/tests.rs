//! Each language has its own sentence, and the English one says what the core's log line says.

use super::*;
use kazasu_core::{
    Became, BuiltOn, FixedTerm, Misfit, NotClosed, ProgrammeEnd, Refusal, RightsRefusal, RowIs, SentFile,
    SettlementState, StandsAt, StillDue, TextField, Unlike, WantedOfBatch,
};
use kazasu_ledger::record::Payer;
use kazasu_schemas::closing::{DayState, Resolution};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Method, Role, Step};
use kazasu_schemas::zengin::statement::Direction;

const DAY: BusinessDay = BusinessDay(20_787);

fn of_closing() -> Vec<NotClosed> {
    let taken = Became::Taken { payout: 3, file: 0 };
    let moved = Unlike::Moved {
        expected: (Yen::new(5), Direction::In),
        got: (Yen::new(6), Some(Direction::Out)),
        became: taken.clone(),
    };
    let not_the_same = |why| NotClosed::NotTheSame { line: "l2".into(), other: "l1".into(), why };
    let order = |needed| NotClosed::Order { day: DAY, is: DayState::Open, wanted: DayState::Settled, needed };
    let booked = |amount| NotClosed::BookedAs { reference: "l1".into(), became: taken.clone(), amount };
    let cannot = |why| NotClosed::CannotUndo("l1".into(), why);
    vec![
        order(Some(DayState::Reconciled)),
        NotClosed::Earlier(DAY, DayState::Settled),
        NotClosed::Unowned(2, DAY),
        NotClosed::NotDue(4, SettlementState::Paid(3)),
        NotClosed::Text(TextField::Reason),
        NotClosed::Text(TextField::Note),
        NotClosed::TakenBefore(SentFile::Payout { payout: 3, file: 1 }),
        NotClosed::TakenBefore(SentFile::Batch { batch: 3, file: 1 }),
        booked(None),
        booked(Some(Yen::new(3_000))),
        not_the_same(Unlike::Itself),
        not_the_same(moved),
        not_the_same(Unlike::Payer { expected: Payer::Funder(7), became: taken.clone() }),
        cannot(BuiltOn::UndoneBefore),
        cannot(BuiltOn::Alias("l3".into())),
        cannot(BuiltOn::SettlementIs(4, SettlementState::Due)),
        cannot(BuiltOn::GrantedAgain { batch: 1, row: 2 }),
        NotClosed::Left { tap: 9, left: Yen::new(10), asked: Yen::new(11) },
        NotClosed::Stands { id: "0a".into(), tap: 9, at: StandsAt::Merchant, left: Yen::new(10), asked: Yen::new(11) },
        NotClosed::Unfit("0a".into(), Resolution::Explained, Misfit::SameAmount),
        NotClosed::FileOut(3, DAY),
        NotClosed::UnknownIssuer(5),
        NotClosed::TooMany,
    ]
}

fn of_relief() -> Vec<Refusal> {
    vec![
        Refusal::Fixed(FixedTerm::Method, 9),
        Refusal::Fixed(FixedTerm::City, 9),
        Refusal::Fixed(FixedTerm::DuplicateRule, 9),
        Refusal::Past(ProgrammeEnd::Day(DAY)),
        Refusal::TooMany,
        Refusal::TwoRoles { by: "sato".into(), was: Role::Officer, wanted: Role::Approver },
        Refusal::Order { batch: 1, there: 2, got: 4 },
        Refusal::Rows,
        Refusal::StepOrder {
            batch: 1,
            at: Some(Step::Applied),
            step: WantedOfBatch::Step(Step::Decided),
            needed: Some(Step::Assessed),
        },
        Refusal::StepOrder { batch: 1, at: None, step: WantedOfBatch::TransferFile, needed: Some(Step::Released) },
        Refusal::Decided(1, Some(Step::Assessed)),
        Refusal::Excluded(0, 1),
        Refusal::OtherMethod(9, Method::Transfer),
        Refusal::TooManyFiles { batch: 1, files: 1_001 },
        Refusal::RowState(1, 0, RowIs::NotSentYet),
        Refusal::UnderWay(1, StillDue::Purses(3)),
        Refusal::UnderWay(1, StillDue::Files(3)),
        Refusal::Right { batch: 1, row: 0, most: Yen::new(2_000), got: Yen::ZERO },
    ]
}

fn refusals() -> Vec<Rejected> {
    let mut all = vec![
        Rejected::AlreadyOpen,
        Rejected::UnknownIssuer(5),
        Rejected::TooMany("terminals", 100),
        Rejected::Rule(RuleError::UnitMismatch(kazasu_ledger::AccountId(3), kazasu_ledger::AccountId(4))),
        Rejected::Policy(PolicyConflict::TooManyProgrammes),
        Rejected::Policy(PolicyConflict::BudgetGranted { programme: 3, unspent: 999, less: 1_600 }),
        Rejected::FundShort { programme: 3, available: Yen::ZERO, asked: Yen::new(2_000) },
        Rejected::Approval(ApprovalRefusal::SamePerson("sato".into())),
        Rejected::UnknownNotice(35),
        Rejected::OwnLimit("day", Yen::new(-1)),
        Rejected::Rights(Box::new(RightsRefusal::NeedsTwo)),
        Rejected::Rights(Box::new(RightsRefusal::LastAdministrators)),
        Rejected::Rights(Box::new(RightsRefusal::TooMany("shops", 100))),
    ];
    all.extend(of_closing().into_iter().map(Rejected::from));
    all.extend(of_relief().into_iter().map(Rejected::from));
    all
}

/// Groups of digits, quotes and names of accounts are written by the catalogue.
fn letters(text: &str) -> String {
    text.replace(['`', ','], "").replace("AccountId(3)", "3").replace("AccountId(4)", "4")
}

#[test]
fn the_english_sentence_is_the_one_of_the_log() {
    for why in refusals() {
        assert_eq!(letters(&rejected(&why, Language::English)), letters(&why.to_string()), "{why:?}");
    }
}

#[test]
fn the_japanese_sentence_has_no_english_one_inside() {
    for why in refusals() {
        let text = rejected(&why, Language::Japanese);
        assert!(text.ends_with('。'), "{why:?}: {text}");
        let text: String = text.split('`').step_by(2).collect();
        let words = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 3).count();
        assert!(words <= 2, "names only: {text}");
    }
}

#[test]
fn an_error_has_the_same_facts_in_each_language() {
    let error = ServiceError::from(Refusal::Budget { programme: 12, available: Yen::new(500), asked: Yen::new(800) });
    assert_eq!(error.in_language(Language::Japanese), "事業 12 の予算残額は ¥500 で、¥800 には足りません。");
    assert_eq!(error.to_string(), "programme 12 has ¥500 of budget left, ¥800 was asked for");
    let none = ServiceError::Command(CommandError::NotLeader(String::new()));
    assert_eq!(none.to_string(), "this node does not lead; ask again in a moment");
    let Rejected::Relief(issues) = Rejected::from(Refusal::NotAcceptable(4, 0, vec!["no_id", "above_ceiling"])) else {
        panic!("it is about relief");
    };
    let text = rejected(&Rejected::Relief(issues), Language::Japanese);
    assert_eq!(text, "支給バッチ 0 の 4 行目は認められません（IDなし、上限超過）。");
}

#[test]
fn a_problem_is_a_whole_sentence_in_each_language() {
    let error = crate::fields::day("until", "soon").unwrap_err();
    assert_eq!(
        error.in_language(Language::English),
        "until: must be a date, such as 2026-11-29, 2026/11/29 or 令和8年11月29日, got \"soon\""
    );
    assert_eq!(
        error.in_language(Language::Japanese),
        "until（入力値）：日付を 2026-11-29、2026/11/29、令和8年11月29日 のように指定してください（入力は「soon」）"
    );
    let weak = ServiceError::SignIn(SignInError::Weak(WeakPassword::Short(15, 9)));
    assert_eq!(
        weak.in_language(Language::Japanese),
        "パスワードは15文字以上で指定してください（入力は9文字）。文にすると覚えやすくなります。"
    );
}
