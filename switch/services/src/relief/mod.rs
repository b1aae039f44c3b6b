//! Relief for people: what officers, approvers and treasurers of a city ask for, files that come in and go out, and reports. What
//! may happen is decided in `core::relief`; who may ask for it, here. `docs/operations/relief.md` explains it.

mod city;
mod commands;
mod files;
mod import;
mod report;
mod rows;
mod terms;
mod view;

pub use city::CityFile;
pub use commands::{
    BookRepaid, BookReturned, BookSent, ChangeRow, FundRelief, ProposeClaim, ProposeProgramme, ProposeReliefUndo,
    ProposeReturn, RowChanged, StepTaken, TakeStep,
};
pub use files::MakeTransferFiles;
pub(crate) use files::read_reference;
pub use import::{ImportApplications, Imported, MOST_BYTES, Progress};
pub use report::{Disclosed, FEWEST, ReliefReport, Spent, Usage, category, disclosed, usage};
pub use rows::ListRows;
pub use terms::read as read_terms;
pub use view::{
    AmountView, BatchView, IssueView, ListProgrammes, ProgrammeView, ProgressView, RowView, ShowBatch, ShowProgramme,
    ShowProgress, StateView, StepView, TransferFileView, TransferFilesView, UnpaidReason, UnpaidView,
};
