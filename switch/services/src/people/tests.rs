//! What is read of texts and addresses.

use super::callers::is_in;
use super::read::{name, role_for};
use kazasu_schemas::identity::{Role, Scope};

#[test]
fn a_role_is_read_with_what_it_is_for() {
    let read = |text: &str| role_for(text).map(|role| (role.role, role.scope));
    assert_eq!(read("city-officer city:13361").unwrap(), (Role::CityOfficer, Scope::City("13361".into())));
    assert_eq!(read("finance-staff").unwrap(), (Role::FinanceStaff, Scope::All));
    let unknown = read("mayor").unwrap_err().to_string();
    assert!(unknown.starts_with("role: must be one of city-officer,"), "{unknown}");
    assert!(read("partner city:13361x").unwrap_err().to_string().starts_with("scope: "));
}

#[test]
fn a_key_is_for_the_networks_that_it_names() {
    for (network, address, is) in [
        ("192.0.2.0/24", "192.0.2.77", true),
        ("192.0.2.0/24", "192.0.3.1", false),
        ("192.0.2.7/32", "192.0.2.7", true),
        ("192.0.2.7/32", "192.0.2.8", false),
        ("0.0.0.0/0", "203.0.113.9", true),
        ("192.0.2.0/24", "::ffff:192.0.2.9", true),
        ("2001:db8::/32", "2001:db8:1::1", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("::/0", "192.0.2.1", false),
        ("nonsense", "192.0.2.1", false),
    ] {
        assert_eq!(is_in(network, address.parse().unwrap()), is, "{network} {address}");
    }
}

#[test]
fn a_name_with_a_card_number_is_refused() {
    assert!(name("4900000000000003").unwrap_err().to_string().contains("card number"));
    assert!(name("su\u{200b}zuki").unwrap_err().to_string().contains("U+200B"));
    assert_eq!(name(" 鈴木　花子 ").unwrap().to_string(), "鈴木 花子");
}
