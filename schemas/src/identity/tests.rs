use super::*;
use proptest::prelude::*;

#[test]
fn spellings_that_look_alike_are_one_name() {
    let one = NameKey::of("suzuki");
    let alike = [
        "suzuki ",
        " suzuki",
        "Suzuki",
        "SUZUKI",
        "ｓｕｚｕｋｉ",
        "ＳＵＺＵＫＩ",
        "su\u{200b}zuki",
        "suzuki\u{202e}",
        "\u{feff}suzuki",
        "ѕuzuki", // U+0455, Cyrillic
        "suzukі", // U+0456, Cyrillic
        "ѕuzukі",
        "suzuk\u{0131}", // a dotless i
        "su zuki",
        "𝐬uzuki",
    ];
    for text in alike {
        assert_eq!(NameKey::of(text), one, "{text:?}");
    }
    for text in ["suzuka", "suzuki2", "sato", "鈴木", "すずき", "スズキ"] {
        assert_ne!(NameKey::of(text), one, "{text:?}");
    }
    // Katakana and kanji that look alike.
    assert_eq!(NameKey::of("カ石"), NameKey::of("力石"));
    assert_eq!(NameKey::of("二上"), NameKey::of("ニ上"));
    assert_ne!(NameKey::of("佐藤"), NameKey::of("佐籐"));
}

#[test]
fn a_name_is_composed_trimmed_and_seen() {
    for (text, shown) in [
        ("  suzuki  ", "suzuki"),
        ("鈴木　花子", "鈴木 花子"),
        ("ｽｽﾞｷ", "スズキ"),
        ("Renée", "Renée"),
        ("O'Brien", "O'Brien"),
        ("山田 (会計)", "山田 (会計)"),
    ] {
        assert_eq!(text.parse::<Name>().unwrap().as_str(), shown);
    }
    for (text, problem) in [
        ("", "got none"),
        (" \t ", "got none"),
        ("''", "got none"),
        ("su\u{200b}zuki", "character 3 is U+200B"),
        ("suzuki\u{202e}", "U+202E"),
        ("su\u{7}zuki", "U+0007"),
        ("su\nzuki", "U+000A"),
        ("\u{2066}suzuki", "U+2066"),
        ("suzuki\u{3164}", "U+3164"),
    ] {
        let error = text.parse::<Name>().unwrap_err().to_string();
        assert!(error.contains(problem), "{text:?}: {error}");
    }
    let long = "鈴".repeat(61);
    assert!(long.parse::<Name>().unwrap_err().to_string().contains("got 61"));
}

proptest! {
    #[test]
    fn a_name_reads_back_and_has_the_key_of_its_text(text in "\\PC{0,20}") {
        let key = NameKey::of(&text);
        if let Ok(name) = text.parse::<Name>() {
            prop_assert_eq!(name.as_str().parse::<Name>().unwrap(), name.clone());
            prop_assert_eq!(name.key(), key);
        }
    }
}

#[test]
fn ids_read_back_and_others_are_refused() {
    assert_eq!("per_3".parse::<PersonId>().unwrap(), PersonId::new(3));
    assert_eq!(PersonId::new(3).to_string(), "per_3");
    assert_eq!("key_17".parse::<ActorId>().unwrap(), ActorId::Program(ProgramId::new(17)));
    for bad in ["", "per_", "per_0", "per_03", "per_+3", "per_ 3", "key_3", "PER_3", "3", "per_99999999999"] {
        assert!(bad.parse::<PersonId>().is_err(), "{bad:?}");
    }
    for text in ["all", "city:13361", "merchant:org_4", "shop:27000001/SHOP", "acquirer:27000001", "issuer:2"] {
        assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
    }
    for bad in ["", "city:", "city:x", "shop:27000001", "issuer:x", "everything"] {
        assert!(bad.parse::<Scope>().is_err(), "{bad:?}");
    }
    for role in Role::ALL {
        assert_eq!(role.name().parse::<Role>().unwrap(), *role);
    }
}

#[test]
fn roles_that_control_each_other_are_in_different_hands() {
    use Role::{AccessAdministrator, Auditor, CityApprover, CityOfficer, CityTreasurer, FinanceApprover, FinanceStaff};
    for (a, b, conflict) in [
        (CityOfficer, CityApprover, true),
        (CityApprover, CityTreasurer, true),
        (CityOfficer, CityTreasurer, true),
        (FinanceStaff, FinanceApprover, false),
        (AccessAdministrator, FinanceApprover, true),
        (AccessAdministrator, Role::Operator, true),
        (AccessAdministrator, Auditor, true),
        (Auditor, CityOfficer, true),
        (CityOfficer, CityOfficer, false),
    ] {
        assert_eq!(a.conflicts_with(b), conflict, "{a} {b}");
        assert_eq!(b.conflicts_with(a), conflict, "{b} {a}");
    }
}

#[test]
fn a_role_is_granted_where_it_belongs() {
    let city = Scope::City("13361".into());
    for role in Role::ALL {
        let fits = [Scope::All, city.clone(), Scope::Issuer(1), Scope::Merchant(OrganisationId::new(1))];
        assert!(fits.iter().any(|scope| scope.fits(*role)), "{role} fits somewhere");
        assert!(OrganisationKind::ALL.iter().any(|kind| kind.may_hold(*role)), "{role} is held somewhere");
    }
    assert!(!Scope::All.fits(Role::CityOfficer), "one city's people have no other city");
    assert!(!OrganisationKind::City.may_hold(Role::AccessAdministrator));
}

#[test]
fn dates_hold_from_the_first_to_the_last_day() {
    let dates = Dates { from: BusinessDay(10), until: Some(BusinessDay(12)) };
    let holds: Vec<bool> = (9..=13).map(|day| dates.hold_on(BusinessDay(day))).collect();
    assert_eq!(holds, [false, true, true, true, false]);
    assert!(dates.are_over(BusinessDay(13)) && !dates.are_over(BusinessDay(12)));
}
