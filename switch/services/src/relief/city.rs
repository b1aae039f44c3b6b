//! The cities of relief: `[[city]]` of the configuration.

use kazasu_schemas::canonical::same;
use serde::Deserialize;

/// `[[city]]`: a city, and the people of earlier configurations. Their names are those of `[http.people]` in `keys_file`; one
/// person has one of these roles.
#[derive(Deserialize, Debug, Clone, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CityFile {
    /// Its code: 5 digits.
    pub code: String,
    /// Its name.
    pub name: String,
    /// People who prepare: taken over into the book once, with the two lists below.
    #[serde(default)]
    pub officers: Vec<String>,
    /// People who approve.
    #[serde(default)]
    pub approvers: Vec<String>,
    /// People who release and keep the accounts with the bank.
    #[serde(default)]
    pub treasurers: Vec<String>,
}

impl CityFile {
    /// The people with this role.
    #[must_use]
    pub fn people(&self, role: kazasu_schemas::relief::Role) -> &[String] {
        use kazasu_schemas::relief::Role;
        match role {
            Role::Officer => &self.officers,
            Role::Approver => &self.approvers,
            Role::Treasurer => &self.treasurers,
        }
    }

    /// A person's role in this city.
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
