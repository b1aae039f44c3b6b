//! The security log, as services hold it: its folder, and the channel of the operations in it.

use kazasu_schemas::identity::Via;
use kazasu_security_log::Log;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// The two logs: the switch writes one, the command line another one when it works without the switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhichLog {
    /// The switch's.
    #[default]
    Node,
    /// The command line's.
    Offline,
}

impl WhichLog {
    /// Both.
    pub const ALL: [WhichLog; 2] = [WhichLog::Node, WhichLog::Offline];

    /// As programs write it, and the name of its folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            WhichLog::Node => "node",
            WhichLog::Offline => "offline",
        }
    }
}

/// The folder of a node's logs.
#[derive(Clone, Debug)]
pub struct LogFolders(pub PathBuf);

impl LogFolders {
    /// A log's folder.
    #[must_use]
    pub fn of(&self, which: WhichLog) -> PathBuf {
        self.0.join(which.name())
    }
}

/// The security log, for services. Parts of programs that carry out no one's orders (a read model in a test) keep none.
#[derive(Clone, Debug)]
pub struct Watch {
    kept: Option<(Arc<Log>, LogFolders)>,
    via: Via,
}

impl Watch {
    /// Everything that is asked goes into this log, which is one of those in these folders.
    #[must_use]
    pub fn new(log: Arc<Log>, folders: LogFolders, via: Via) -> Watch {
        Watch { kept: Some((log, folders)), via }
    }

    /// Nothing is kept: for a state that serves no caller.
    #[must_use]
    pub fn nothing() -> Watch {
        Watch { kept: None, via: Via::Offline }
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> Option<&Arc<Log>> {
        self.kept.as_ref().map(|(log, _)| log)
    }

    /// The channel of operations: the API, or the command line on the journal itself.
    #[must_use]
    pub fn via(&self) -> Via {
        self.via
    }

    pub(crate) fn folders(&self) -> Option<&LogFolders> {
        self.kept.as_ref().map(|(_, folders)| folders)
    }
}
