//! Asynchronous answers of a store, and their error.

use std::future::Future;
use std::pin::Pin;

/// Reading or opening failed.
#[derive(Debug, thiserror::Error)]
#[error("journal: {0}")]
pub struct StoreError(pub String);

/// A boxed future: one allocation a batch, and engines can be chosen at run time.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
