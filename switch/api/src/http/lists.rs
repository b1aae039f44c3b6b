//! The handler of every list: a page of it as JSON, or all of it as a file. `Accept` says which; the query is the same.

use super::answers::{misread, refused};
use super::callers::Asker;
use super::operations::{Asked, answered};
use super::state::Api;
use super::worded::reader_of;
use crate::json;
use crate::kinds::Kinds;
use crate::routes::{Addressed, at, fields_of};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kazasu_engine::tasks::{Kind, broke_off, run_blocking, unwound};
use kazasu_report::csv::{CsvOut, Encoding, Header};
use kazasu_services::list::{FileParts, FileTable, List, ListRow, Paged};
use kazasu_services::{ServiceError, Who};
use kazasu_text::Language;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// A list that an address takes.
pub(super) trait Listed:
    List<Item: ListRow> + Addressed + DeserializeOwned + JsonSchema + Sync + 'static
{
}

impl<L: List<Item: ListRow> + Addressed + DeserializeOwned + JsonSchema + Sync + 'static> Listed for L {}

/// Adds the address of a list.
pub(super) fn listed<L: Listed>(app: Router<Api>) -> Router<Api>
where
    Paged<L>: Asked,
{
    let pages = Arc::new(Kinds::of::<Paged<L>>(fields_of(L::PATH)));
    let asked = async move |State(api): State<Api>,
                            Asker(who): Asker,
                            params: RawPathParams,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap| {
        let fields = pages.in_address(&params, (query.as_deref(), true));
        let Some(form) = Form::wanted(&headers) else { return answered::<Paged<L>>(&api, &who, fields).await };
        // A caller without the right learns nothing of the request's shape.
        if let Err(error) = api.services.admit_somewhere(L::NAME, &who).await {
            return refused(error);
        }
        // A file has no pages: it takes the list's own fields only.
        match fields.and_then(json::shaped::<L>) {
            Ok(list) => file(api, who, list, (form, reader_of(&headers).unwrap_or(Language::English))).await,
            Err(error) => *misread(&error),
        }
    };
    app.route(&at(L::PATH), get(asked))
}

/// The form of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Csv(Encoding),
    Xlsx,
}

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

impl Form {
    /// The form that `Accept` prefers; none where that is JSON, or anything.
    fn wanted(headers: &HeaderMap) -> Option<Form> {
        let accept = headers.get(header::ACCEPT)?.to_str().ok()?.to_ascii_lowercase();
        let mut best: (f32, Option<Form>) = (0.0, None);
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default();
            let (mut quality, mut encoding) = (1.0, Encoding::Utf8);
            for (name, value) in parts.filter_map(|part| part.split_once('=')) {
                match (name.trim(), value.trim().trim_matches('"')) {
                    ("q", value) => quality = value.parse().unwrap_or(0.0),
                    ("charset", "shift_jis" | "sjis" | "windows-31j" | "cp932") => encoding = Encoding::ShiftJis,
                    _ => {}
                }
            }
            let form = match kind {
                CSV => Some(Form::Csv(encoding)),
                XLSX => Some(Form::Xlsx),
                _ => None,
            };
            if quality > best.0 {
                best = (quality, form);
            }
        }
        best.1
    }

    fn name(self) -> &'static str {
        match self {
            Form::Csv(_) => "csv",
            Form::Xlsx => "xlsx",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Form::Csv(Encoding::Utf8) => "text/csv; charset=utf-8",
            Form::Csv(Encoding::ShiftJis) => "text/csv; charset=shift_jis",
            Form::Xlsx => XLSX,
        }
    }
}

/// The whole list. What is refused has its status: the first part is there before the answer begins.
async fn file<L: Listed>(api: Api, who: Who, list: L, (form, language): (Form, Language)) -> Response {
    let parts = match FileParts::begin(&api.services, &who, (list, form.name())).await {
        Ok(parts) => parts,
        Err(error) => return refused(error),
    };
    let name = format!("attachment; filename=\"{}.{}\"", L::NAME.row().word, form.name());
    let headers = [(header::CONTENT_TYPE, form.media_type().to_owned()), (header::CONTENT_DISPOSITION, name)];
    match form {
        Form::Csv(encoding) => (headers, streamed(parts, (encoding, language))).into_response(),
        Form::Xlsx => match run_blocking(parts.workbook(language)).await {
            Ok(Ok(bytes)) => (headers, bytes).into_response(),
            Ok(Err(error)) => refused(error),
            Err(error) => refused(ServiceError::Other(error)),
        },
    }
}

/// What was written and has not left yet.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// CSV, a part at a time: the next one is read when the reader has taken the one before.
fn streamed<L: Listed>(parts: FileParts<L>, form: (Encoding, Language)) -> Body {
    let (out, taken) = mpsc::channel::<io::Result<Bytes>>(1);
    tokio::spawn(async move {
        let told = out.clone();
        let writing = unwound(async move { run_blocking(written(parts, form, out)).await });
        let why = match writing.await {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(why) => {
                broke_off(Kind::HttpConnection, &why);
                why.to_string()
            }
        };
        tracing::warn!("a list breaks off in the middle of its file: {why}");
        // The connection ends without the end of the body, so that no reader takes the file for whole.
        let _ = told.send(Err(io::Error::other("the list broke off"))).await;
    });
    Body::from_stream(futures_util::stream::unfold(taken, |mut taken| async move {
        taken.recv().await.map(|bytes| (bytes, taken))
    }))
}

async fn written<L: Listed>(
    mut parts: FileParts<L>,
    (encoding, language): (Encoding, Language),
    out: mpsc::Sender<io::Result<Bytes>>,
) -> anyhow::Result<()> {
    let (table, buffer) = (FileTable::<L>::new(language), Buffer::default());
    let mut csv = CsvOut::new(buffer.clone(), table.columns(), encoding, Header::Japanese)?;
    while let Some(rows) = parts.take().await? {
        for row in &rows {
            csv.row(&table.row(row)?)?;
        }
        csv.flush()?;
        // A reader that went away wants no more.
        if out.send(Ok(buffer.take())).await.is_err() {
            return Ok(());
        }
    }
    csv.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{each_route, requests};

    fn accepting(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Form::wanted(&headers)
    }

    #[test]
    fn the_form_is_the_one_that_is_preferred() {
        for (accept, form) in [
            ("*/*", None),
            ("application/json", None),
            ("text/csv", Some(Form::Csv(Encoding::Utf8))),
            ("Text/CSV; charset=\"Shift_JIS\"", Some(Form::Csv(Encoding::ShiftJis))),
            ("application/json;q=0.5, text/csv", Some(Form::Csv(Encoding::Utf8))),
            ("text/csv;q=0.1, application/json", None),
            (XLSX, Some(Form::Xlsx)),
            ("text/csv;q=0", None),
        ] {
            assert_eq!(accepting(accept), form, "{accept}");
        }
        assert_eq!(Form::wanted(&HeaderMap::new()), None);
    }

    macro_rules! checked {
        ($request:ident pages) => {
            for language in [Language::Japanese, Language::English] {
                let table = FileTable::<requests::$request>::new(language);
                let word = <requests::$request as kazasu_services::Operation>::NAME.row().word;
                assert!(!table.columns().is_empty(), "{word}");
                assert_eq!(table.unnamed(), [""; 0], "{word}: columns without a name in the catalogue");
                let csv = CsvOut::new(Vec::new(), table.columns(), Encoding::Utf8, Header::Japanese);
                assert!(csv.is_ok(), "{word}: {:?}", csv.err());
                assert_ne!(FileTable::<requests::$request>::title().0, word, "a list without a title");
            }
        };
        ($request:ident $($tag:ident)?) => {};
    }

    macro_rules! every {
        ($($method:ident $path:literal $request:ident $($tag:ident)?;)*) => {
            $(checked!($request $($tag)?);)*
        };
    }

    #[test]
    fn every_column_of_every_list_has_a_name_in_both_languages() {
        each_route!(every);
    }
}
