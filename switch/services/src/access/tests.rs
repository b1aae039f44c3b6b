//! The table, as each kind of caller meets it.

use super::*;

fn cities() -> Vec<CityFile> {
    let people = |name: &str| vec![name.to_owned()];
    let city = |code: &str, [officer, approver, treasurer]: [&str; 3]| CityFile {
        code: code.into(),
        name: format!("city {code}"),
        officers: people(officer),
        approvers: people(approver),
        treasurers: people(treasurer),
    };
    vec![city("13361", ["sato", "suzuki", "tanaka"]), city("13382", ["mori", "abe", "ono"])]
}

fn finance() -> FinanceFile {
    FinanceFile { staff: vec!["sato".into()], approvers: vec!["tanaka".into()], tolerances: Vec::new() }
}

fn portal() -> Who {
    Who { name: "city-app".into(), kind: CallerKind::Portal }
}

/// What the table answers: `yes`, `two`, or the reason.
fn asked(name: Name, who: &Who, scope: &Scope) -> String {
    match may(name, who, scope, Roles { cities: &cities(), finance: &finance() }) {
        Access::Yes => "yes".into(),
        Access::TwoPeople => "two".into(),
        Access::No(why) => why,
    }
}

#[test]
fn a_portal_may_ask_what_is_about_residents_and_nothing_else() {
    for name in Name::ALL.iter().copied() {
        let may = asked(name, &portal(), &Scope::Everywhere);
        let for_residents = name.row().audience == Audience::Residents;
        assert_eq!(may == "yes", for_residents, "{name:?}: {may}");
    }
    let good = asked(Name::SetCard, &portal(), &Scope::CardStatus("good".into()));
    assert_eq!(good, "a portal may only suspend a card (status suspended)");
    assert_eq!(asked(Name::SetCard, &portal(), &Scope::CardStatus("suspended".into())), "yes");
}

#[test]
fn what_takes_two_people_is_never_the_operators() {
    for name in Name::ALL.iter().copied().filter(|name| name.row().people == People::Two) {
        let scope = Scope::City("13361".into());
        let may = asked(name, &Who::operator(), &scope);
        assert!(!["yes", "two"].contains(&may.as_str()), "{name:?}: {may}");
    }
}

#[test]
fn a_person_of_one_city_is_nothing_in_another() {
    let other = Scope::City("13382".into());
    for name in Name::ALL.iter().copied() {
        let of_a_city = matches!(name.row().audience, Audience::City(_) | Audience::CityPeople);
        if of_a_city {
            for person in ["sato", "suzuki", "tanaka"] {
                let may = asked(name, &Who::person(person), &other);
                assert!(!["yes", "two"].contains(&may.as_str()), "{name:?} by {person}: {may}");
            }
        }
    }
    let step = Scope::CityRole("13382".into(), Role::Treasurer);
    let may = asked(Name::TakeStep, &Who::person("tanaka"), &step);
    assert_eq!(may, "tanaka is nothing of city 13382 (13382); this requires its treasurer: ono");
}

#[test]
fn finance_requests_and_decisions_are_different_lists() {
    let (staff, approver, stranger) = (Who::person("sato"), Who::person("ＴＡＮＡＫＡ"), Who::person("mori"));
    assert_eq!(asked(Name::ProposePayout, &staff, &Scope::Everywhere), "two");
    assert_eq!(asked(Name::DecideClosing, &approver, &Scope::Everywhere), "two");
    assert_eq!(
        asked(Name::DecideClosing, &staff, &Scope::Everywhere),
        "sato is no approver of [finance] in the configuration"
    );
    assert_eq!(
        asked(Name::ListDays, &stranger, &Scope::Everywhere),
        "mori is neither staff nor approver of [finance] in the configuration"
    );
}
