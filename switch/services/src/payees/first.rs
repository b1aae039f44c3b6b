//! `payees_file` of the configuration: accounts that were a file beside the program are taken into the ledger, once.

use crate::error::{Result, ServiceError, unfit};
use crate::import::{Calls, Ground, Mode, Order, payees};
use crate::{Services, Who};
use kazasu_core::{Command, PayeeRefusal, Rejected};
use kazasu_engine::CommandError;
use kazasu_text::Said;
use kazasu_text::problems::ProblemText;
use sha2::{Digest, Sha256};

/// The result of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// Its accounts are in the ledger from now on.
    Now,
    /// They were taken before; the setting says nothing any more.
    Before,
}

impl Services {
    /// Takes the accounts of a file that the configuration names. It is all of them or none, and only before there is an access
    /// administrator: from then on two people set accounts.
    pub async fn take_payees(&self, file: Vec<u8>) -> Result<Taken> {
        let digest: [u8; 32] = Sha256::digest(&file).into();
        let (taken, administered) =
            self.query(|state| (state.payees_taken(), state.rights().is_administered())).await?;
        match taken {
            Some(taken) if taken == digest => return Ok(Taken::Before),
            Some(_) => return Err(ServiceError::Command(CommandError::Rejected(Rejected::from(PayeeRefusal::Taken)))),
            None if administered => return Err(unfit("payees_file", &ProblemText::PayeesFileOfTwo)),
            None => {}
        }
        let file = bytes::Bytes::from(file);
        let order = |mode| Order { mode, maker: Some(self.maker(&Who::keeper())), ..Order::default() };
        let engine = self.engine()?;
        let vault = &self.imports.vault;
        let look = payees(Ground::Engine(engine), file.clone(), (vault, Calls::Opening), &order(Mode::Look)).await;
        let look = look.map_err(ServiceError::inside)?;
        if look.bad > 0 {
            let rows =
                |language| look.bad_rows.iter().map(|row| row.told(language)).collect::<Vec<String>>().join("\n");
            return Err(unfit("payees_file", &Said::new(rows)));
        }
        let report = payees(Ground::Engine(engine), file, (vault, Calls::Opening), &order(Mode::CarryOut)).await;
        let report = report.map_err(ServiceError::inside)?;
        tracing::info!(accounts = report.recorded, "payees' accounts are in the ledger");
        let accounts = report.rows;
        self.command(Command::TakePayees { digest, accounts }).await?;
        Ok(Taken::Now)
    }
}
