//! People, their rights and sessions, programs' keys, and the table of who may do what.

use super::backend::{one, query};
use super::common::Common;
use super::list::{ListArgs, list};
use super::sign_in::{JoinArgs, join};
use clap::Subcommand;
use kazasu_console::say;
use kazasu_schemas::identity::GrantId;
use kazasu_services::people::{
    EndGrant, EndPerson, EndSessions, Found, InvitePerson, ListKeys, ListOrganisations, ListPasskeys, ListPeople,
    ListSessions, MatrixRow, PeopleReport, RemovePasskey, RequestGrant, RequestKey, RequestReinvite, RequestShops,
    RevokeKey, RotateKey, SetOrganisation,
};

#[derive(Subcommand)]
pub(super) enum PersonCommand {
    /// Invites the first access administrator, or one who has lost all means of signing in; on the journal itself, while no
    /// switch runs.
    Found {
        /// The person's name.
        name: String,
        #[command(flatten)]
        common: Common,
    },
    /// Joins with an invitation: invitation and password are read from standard input.
    Join(JoinArgs),
    /// Registers an organisation, or renames one.
    Organisation {
        /// operator, city, merchant, partner, portal or call-centre.
        kind: String,
        /// Its name.
        name: String,
        /// An existing organisation, by id or name.
        #[arg(long)]
        rename: Option<String>,
        /// A merchant's shops, each as acquirer/merchant.
        #[arg(long)]
        shop: Vec<String>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Requests further shops for a merchant's organisation; another administrator decides.
    Shops {
        /// The organisation, by id or name.
        organisation: String,
        /// A further shop, as acquirer/merchant.
        #[arg(long, required = true)]
        shop: Vec<String>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Every organisation.
    Organisations {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Invites a person; the invitation is shown once.
    Invite {
        /// The person's name.
        name: String,
        /// The person's organisation, by id or name.
        #[arg(long)]
        organisation: String,
        /// The person is to be the second access administrator.
        #[arg(long)]
        second_administrator: bool,
        /// Hours that the invitation holds; 24 when absent.
        #[arg(long)]
        hours: Option<u32>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Requests another invitation for a person who has lost the means of signing in; another administrator decides.
    InviteAgain {
        /// The person, by id or name.
        person: String,
        /// Hours that the invitation holds; 24 when absent.
        #[arg(long)]
        hours: Option<u32>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// All people, with their grants.
    List {
        #[command(flatten)]
        list: ListArgs,
    },
    /// A person leaves: grants and sessions end.
    End {
        /// The person, by id or name.
        person: String,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Requests the grant of a role; another administrator decides.
    Grant {
        /// The holder, by id or name.
        holder: String,
        /// The role: city-officer, finance-approver, …
        role: String,
        /// The scope: all, city:CODE, merchant:org_N, shop:ACQUIRER/MERCHANT, acquirer:ID or issuer:N.
        #[arg(default_value = "all")]
        scope: String,
        /// The first day; today when absent.
        #[arg(long)]
        from: Option<String>,
        /// The last day; none when absent.
        #[arg(long)]
        until: Option<String>,
        /// The person whose deputy the holder is.
        #[arg(long)]
        deputy_for: Option<String>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Takes a grant away.
    EndGrant {
        /// The grant: grt_N.
        grant: GrantId,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// All rights with their holders, and conflicts.
    Report {
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn person(command: PersonCommand) -> anyhow::Result<()> {
    match command {
        PersonCommand::Found { name, common } => one(Found { name }, &common).await,
        PersonCommand::Join(args) => join(args).await,
        PersonCommand::Organisation { kind, name, rename, shop, why, common } => {
            one(SetOrganisation { organisation: rename, kind, name, shops: shop, why }, &common).await
        }
        PersonCommand::Shops { organisation, shop, why, common } => {
            one(RequestShops { organisation, shops: shop, why }, &common).await
        }
        PersonCommand::Organisations { list: args } => list(ListOrganisations {}, &args).await,
        PersonCommand::Invite { name, organisation, second_administrator, hours, why, common } => {
            one(InvitePerson { name, organisation, second_administrator, hours, why }, &common).await
        }
        PersonCommand::InviteAgain { person, hours, why, common } => {
            one(RequestReinvite { person, hours, why }, &common).await
        }
        PersonCommand::List { list: args } => list(ListPeople {}, &args).await,
        PersonCommand::End { person, why, common } => one(EndPerson { person, why }, &common).await,
        PersonCommand::Grant { holder, role, scope, from, until, deputy_for, why, common } => {
            let role = format!("{role} {scope}");
            one(RequestGrant { holder, role, from, until, deputy_for, why }, &common).await
        }
        PersonCommand::EndGrant { grant, why, common } => one(EndGrant { grant, why }, &common).await,
        PersonCommand::Report { common } => query(PeopleReport {}, &common).await,
    }
}

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Requests a key for a program; the key is shown once, and works when another administrator has approved it.
    Create {
        /// A new program's name, or an existing program, by id or name.
        program: String,
        /// A new program's organisation, by id or name.
        #[arg(long)]
        organisation: Option<String>,
        /// A new program's roles: portal, "partner acquirer:27000001", …
        #[arg(long)]
        role: Vec<String>,
        /// The key's first day; today when absent.
        #[arg(long)]
        from: Option<String>,
        /// The key's last day.
        #[arg(long)]
        until: String,
        /// A network from which it may be used, as 192.0.2.0/24; from anywhere when absent.
        #[arg(long)]
        network: Vec<String>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Every program and its keys.
    List {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Replaces the key of this command line; the old one works until it is revoked.
    Rotate {
        /// The new key's last day.
        #[arg(long)]
        until: String,
        #[command(flatten)]
        common: Common,
    },
    /// Takes a key away at once, or all of a program's.
    Revoke {
        /// The program, by id or name.
        program: String,
        /// One key, by its fingerprint.
        #[arg(long)]
        fingerprint: Option<String>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn key(command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create { program, organisation, role, from, until, network, why, common } => {
            let ask = RequestKey { program, organisation, roles: role, from, until, networks: network, why };
            one(ask, &common).await
        }
        KeyCommand::List { list: args } => list(ListKeys {}, &args).await,
        KeyCommand::Rotate { until, common } => one(RotateKey { until }, &common).await,
        KeyCommand::Revoke { program, fingerprint, why, common } => {
            one(RevokeKey { program, fingerprint, why }, &common).await
        }
    }
}

#[derive(Subcommand)]
pub(super) enum SessionCommand {
    /// Your sessions; an access administrator sees another person's too.
    List {
        /// The person, by id or name.
        person: Option<String>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Ends your sessions; an access administrator ends another person's too.
    Revoke {
        /// The person, by id or name.
        person: Option<String>,
        /// One session, as the list names it.
        #[arg(long = "of")]
        of: Option<String>,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn session(command: SessionCommand) -> anyhow::Result<()> {
    match command {
        SessionCommand::List { person, list: args } => list(ListSessions { person }, &args).await,
        SessionCommand::Revoke { person, of, common } => one(EndSessions { person, session: of }, &common).await,
    }
}

#[derive(Subcommand)]
pub(super) enum PasskeyCommand {
    /// Your passkeys.
    List {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Removes one of your passkeys.
    Remove {
        /// The passkey, as the list names it.
        passkey: String,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn passkey(command: PasskeyCommand) -> anyhow::Result<()> {
    match command {
        PasskeyCommand::List { list: args } => list(ListPasskeys {}, &args).await,
        PasskeyCommand::Remove { passkey, common } => one(RemovePasskey { passkey }, &common).await,
    }
}

#[derive(Subcommand)]
pub(super) enum AccessCommand {
    /// The table of rights: each operation with its roles, and whether it requires two people or a fresh second
    /// factor.
    Matrix {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub(super) enum ApiCommand {
    /// Prints the OpenAPI document: every address, with its fields, answers, errors and rights.
    Openapi,
}

/// The document is part of the program: no switch is asked.
pub(super) fn api(command: &ApiCommand) -> anyhow::Result<()> {
    let ApiCommand::Openapi = command;
    say!("{}", serde_json::to_string_pretty(&kazasu_api::openapi::document())?);
    Ok(())
}

/// The table is part of the program: no switch is asked.
pub(super) fn access(command: &AccessCommand) -> anyhow::Result<()> {
    let AccessCommand::Matrix { json } = command;
    let rows = MatrixRow::all();
    if *json {
        say!("{}", serde_json::to_string(&rows)?);
        return Ok(());
    }
    for row in rows {
        let factor = if row.fresh_factor { ", fresh second factor" } else { "" };
        let reason = if row.reason { ", with a reason" } else { "" };
        say!(
            "{} {} ({}, {} people{factor}{reason}): {}",
            row.service,
            row.operation,
            row.kind,
            row.people,
            row.roles.join(", ")
        );
    }
    Ok(())
}
