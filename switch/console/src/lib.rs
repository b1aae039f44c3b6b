//! The console: pages for the people who work with the switch. They are made on the server and need no script; every answer and every
//! change comes from a service, which decides who may have it. Nothing here decides anything, and nothing here has a right that the API
//! does not give.
//!
//! [`pages`] is the router of all of them. A page is data (`screen`), shown by one template in one frame.
#![forbid(unsafe_code)]

mod approvals;
mod assets;
mod cookies;
mod decision;
mod facts;
mod fields;
mod finance;
mod frame;
mod guard;
mod handed;
mod home;
mod join;
mod kept;
mod links;
mod moment;
mod posted;
mod problem;
mod refund;
mod screen;
mod sign_in;
mod sign_in_form;
mod today;
mod transactions;
mod visitor;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use cookies::Transport;
use kazasu_api::http::Api;
pub use links::{Means, SignInLinks};
use visitor::{Console, Visitor};

/// All pages. The links sign people in once, where a demonstration has made any.
pub fn pages(api: &Api, links: SignInLinks) -> Router {
    // Without TLS of its own, the address is on the machine itself, or behind a proxy that the configuration names.
    let behind = !api.front.proxies.networks().is_empty();
    let transport = if api.certificates.http().is_some() || behind { Transport::Tls } else { Transport::Plain };
    let console = Console { api: api.clone(), links, transport };
    let routes = Router::new()
        .route(assets::style(), get(assets::shown))
        .merge(home::routes())
        .merge(sign_in::routes())
        .merge(join::routes())
        .merge(approvals::routes())
        .merge(decision::routes())
        .merge(today::routes())
        .merge(transactions::routes())
        .merge(refund::routes())
        .merge(finance::routes())
        .fallback(not_found)
        .with_state(console);
    kazasu_api::http::guarded(routes, api).layer(middleware::from_fn_with_state(transport, guard::guarded))
}

async fn not_found(visitor: Visitor) -> Response {
    problem::page(&visitor.frame, StatusCode::NOT_FOUND, None)
}
