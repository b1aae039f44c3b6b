//! Who gives a city's relief: `[[city]]` of the configuration.

use kazasu_schemas::canonical::same;
use serde::Deserialize;

/// `[[city]]`: who may do what for a city. Names are those of `[http.people]` in the key file; nobody is two of them.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct CityFile {
    /// Its code: 5 digits.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Who prepares.
    pub officers: Vec<String>,
    /// Who approves.
    pub approvers: Vec<String>,
    /// Who releases and keeps the accounts with the bank.
    pub treasurers: Vec<String>,
}

impl CityFile {
    /// Who has this role.
    #[must_use]
    pub fn people(&self, role: kazasu_schemas::relief::Role) -> &[String] {
        use kazasu_schemas::relief::Role;
        match role {
            Role::Officer => &self.officers,
            Role::Approver => &self.approvers,
            Role::Treasurer => &self.treasurers,
        }
    }

    /// What somebody is in this city.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<kazasu_schemas::relief::Role> {
        use kazasu_schemas::relief::Role;
        let is = |list: &[String]| list.iter().any(|n| same(n, name));
        match (is(&self.officers), is(&self.approvers), is(&self.treasurers)) {
            (true, ..) => Some(Role::Officer),
            (_, true, _) => Some(Role::Approver),
            (.., true) => Some(Role::Treasurer),
            _ => None,
        }
    }
}
