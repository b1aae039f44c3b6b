//! Of people, programs and their rights.

use super::number::count;
use kazasu_core::{ADMINISTRATORS, KEYS_AT_ONCE, RightsRefusal};
use kazasu_text::rights_refusals::RightsText;
use kazasu_text::{Language, Text};

/// The reason for refusing a command about rights.
#[allow(clippy::too_many_lines, reason = "a table: one row for each refusal")]
pub(super) fn sentence(why: &RightsRefusal, language: Language) -> String {
    let of = |text: RightsText<'_>| text.in_language(language).into_owned();
    match why {
        RightsRefusal::UnknownOrganisation(id) => of(RightsText::UnknownOrganisation { organisation: &id.to_string() }),
        RightsRefusal::UnknownPerson(id) => of(RightsText::UnknownPerson { person: &id.to_string() }),
        RightsRefusal::UnknownProgram(id) => of(RightsText::UnknownProgram { program: &id.to_string() }),
        RightsRefusal::UnknownGrant(id) => of(RightsText::UnknownGrant { grant: &id.to_string() }),
        RightsRefusal::NameTaken(name, other, of_whom) => of(RightsText::NameTaken { name, other, of: of_whom }),
        RightsRefusal::OtherKind(id, kind) => {
            of(RightsText::OtherKind { organisation: &id.to_string(), kind: &kind.to_string() })
        }
        RightsRefusal::ShopsTakeTwo(id) => of(RightsText::ShopsTakeTwo { organisation: &id.to_string() }),
        RightsRefusal::ShopOfAnother(shop, id) => of(RightsText::ShopOfAnother { shop, organisation: &id.to_string() }),
        RightsRefusal::NoMerchant(id) => of(RightsText::NoMerchant { organisation: &id.to_string() }),
        RightsRefusal::OtherOrganisation(person, id) => {
            of(RightsText::OtherOrganisation { person, organisation: &id.to_string() })
        }
        RightsRefusal::Ended(id) => of(RightsText::Ended { person: &id.to_string() }),
        RightsRefusal::NoInvitation => of(RightsText::NoInvitation),
        RightsRefusal::InvitationTime => of(RightsText::InvitationTime),
        RightsRefusal::NeedsTwo => of(RightsText::NeedsTwo),
        RightsRefusal::NotAdministrator(person) => of(RightsText::NotAdministrator { person }),
        RightsRefusal::OwnRight(person) => of(RightsText::OwnRight { person }),
        RightsRefusal::ScopeOfRole(role, scope) => {
            of(RightsText::ScopeOfRole { scope: &scope.to_string(), role: &role.to_string() })
        }
        RightsRefusal::RoleOfOrganisation(role, kind) => {
            of(RightsText::RoleOfOrganisation { role: &role.to_string(), kind: &kind.to_string() })
        }
        RightsRefusal::Conflict(person, role, scope, other) => {
            let (role, scope, other) = (&role.to_string(), &scope.to_string(), &other.to_string());
            of(RightsText::Conflict { person, role, scope, other })
        }
        RightsRefusal::Dates => of(RightsText::Dates),
        RightsRefusal::Deputy(id, role, scope) => {
            let (person, role, scope) = (&id.to_string(), &role.to_string(), &scope.to_string());
            of(RightsText::Deputy { person, role, scope })
        }
        RightsRefusal::KeyTaken => of(RightsText::KeyTaken),
        RightsRefusal::KeysAtOnce(id) => {
            of(RightsText::KeysAtOnce { program: &id.to_string(), keys: count(KEYS_AT_ONCE) })
        }
        RightsRefusal::RolesOfKey => of(RightsText::RolesOfKey),
        RightsRefusal::RoleOfProgram(role) => of(RightsText::RoleOfProgram { role: &role.to_string() }),
        RightsRefusal::RoleOfPerson(role) => of(RightsText::RoleOfPerson { role: &role.to_string() }),
        RightsRefusal::Successor => of(RightsText::Successor),
        RightsRefusal::NotPortal(id) => of(RightsText::NotPortal { program: &id.to_string() }),
        RightsRefusal::Network(got) => of(RightsText::Network { got }),
        RightsRefusal::LastAdministrators => of(RightsText::LastAdministrators { fewest: count(ADMINISTRATORS) }),
        RightsRefusal::TooMany(what, most) => of(RightsText::TooMany { what, most: count(*most) }),
    }
}
