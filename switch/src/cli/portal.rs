//! What a portal signs: its key, and a statement for one request, to try the way of a portal by hand.

use super::backend::one;
use super::common::Common;
use anyhow::Context;
use clap::Subcommand;
use kazasu_console::say;
use kazasu_schemas::identity::ProgramId;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::portal::{HEADER, PortalOperation, Proven, Statement, request_digest};
use kazasu_schemas::secret::Key;
use kazasu_security::keys::{Purpose, SigningKey, fresh};
use kazasu_security::signing::SeedKey;
use kazasu_services::people::RequestStatementKey;
use kazasu_text::usage::UsageText;
use kazasu_text::{Because, Said};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[derive(Subcommand)]
pub(super) enum PortalCommand {
    /// Makes a key for statements: the private key goes into a file that only its owner reads, the public key is printed.
    Keygen {
        /// The file; it must not exist yet.
        file: PathBuf,
    },
    /// Asks another administrator to register a portal's public key; decided with `kazasu approval approve`.
    Register {
        /// The portal, by id or name.
        program: String,
        /// The public key, 64 hexadecimal digits.
        #[arg(long)]
        public: String,
        /// The key's first day; today when absent.
        #[arg(long)]
        from: Option<String>,
        /// The key's last day.
        #[arg(long)]
        until: String,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Prints the header for one request, signed now.
    Sign(SignArgs),
}

/// `kazasu portal sign`.
#[derive(clap::Args)]
pub(super) struct SignArgs {
    /// The file with the private key.
    #[arg(long)]
    key: PathBuf,
    /// The portal's id: key_5.
    #[arg(long)]
    portal: ProgramId,
    /// The person at the other end.
    #[arg(long, value_name = "PPID")]
    resident: String,
    /// card-pin, card-face, pin-reset or signed-in.
    #[arg(long)]
    proven: Proven,
    /// link, unlink, set_card, set_limits, set_spendable, resident or resident_statement.
    #[arg(long)]
    operation: PortalOperation,
    /// GET, PUT or DELETE.
    method: String,
    /// The path with what stands behind its question mark: /api/v1/residents/…
    target: String,
    /// The file with the body, byte by byte as it is sent; no body when absent.
    #[arg(long)]
    body: Option<PathBuf>,
}

fn read(path: &Path) -> anyhow::Result<SeedKey> {
    kazasu_security::files::only_owner_reads(path)?;
    let text = Zeroizing::new(kazasu_security::files::read_text(path)?);
    let seed =
        Key::from_hex(text.trim()).because(|| Said::of(&UsageText::KeyFile { path: &path.display().to_string() }))?;
    SeedKey::new(&seed)
}

pub(super) async fn run(command: PortalCommand) -> anyhow::Result<()> {
    match command {
        PortalCommand::Keygen { file } => {
            let seed = fresh(Purpose::SignAudit, None)?;
            let public = hex::encode(SeedKey::new(&seed)?.public_key());
            let text = Zeroizing::new(hex::encode(seed.expose()));
            kazasu_security::files::write_new(&file, text.as_bytes())?;
            say!("{public}");
            Ok(())
        }
        PortalCommand::Register { program, public, from, until, why, common } => {
            one(RequestStatementKey { program, public, from, until, why }, &common).await
        }
        PortalCommand::Sign(args) => sign(args),
    }
}

fn sign(args: SignArgs) -> anyhow::Result<()> {
    let SignArgs { key, portal, resident, proven, operation, method, target, body } = args;
    let resident = resident.parse::<Ppid>().context("resident")?;
    let body = body.map(|path| kazasu_security::files::read(&path)).transpose()?.unwrap_or_default();
    let nonce = kazasu_engine::clock::random_bytes(16)?;
    let nonce = nonce.try_into().map_err(|_| anyhow::anyhow!("sixteen random bytes were asked for"))?;
    let request = request_digest(&method, &target, &body);
    let at = kazasu_engine::clock::now();
    let statement = Statement { portal, resident, proven, at, operation, request, nonce };
    say!("{HEADER}: {}", kazasu_security::portal::signed(&statement, &read(&key)?)?);
    Ok(())
}
