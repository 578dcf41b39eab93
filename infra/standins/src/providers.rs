//! Every SMS provider's API on one loopback port, over one [`Carrier`]: their paths differ.

use axum::http::StatusCode;

use crate::{
    carrier::Carrier,
    openphone, simpletexting, twilio,
    wire::{CuttableListener, Scissors},
};

/// The accounts that the stand-ins answer for.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// Of Twilio.
    pub twilio: Vec<twilio::Account>,
    /// Of OpenPhone.
    pub openphone: Vec<openphone::Account>,
    /// Of SimpleTexting.
    pub simpletexting: Vec<simpletexting::Account>,
}

/// Serves all of them on `listener` until the future is dropped. The carrier decides and remembers.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: tokio::net::TcpListener, accounts: Accounts, carrier: Carrier) -> std::io::Result<()> {
    let routes = twilio::routes(accounts.twilio, carrier.clone())
        .merge(openphone::routes(accounts.openphone, carrier.clone()))
        .merge(simpletexting::routes(accounts.simpletexting, carrier))
        .fallback(async || StatusCode::NOT_FOUND);
    let service = routes.into_make_service_with_connect_info::<Scissors>();
    axum::serve(CuttableListener(listener), service).await
}
