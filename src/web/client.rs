//! The caller's address and program, as far as they can be believed.
use std::net::IpAddr;

use rocket::{
    Request, State,
    outcome::try_outcome,
    request::{FromRequest, Outcome},
};

use super::{Site, cookies, session::presented};
use crate::{accounts::Caller, model::client::Client};

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Client {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let site = try_outcome!(request.guard::<&State<Site>>().await);
        Outcome::Success(client(request, site))
    }
}

fn client(request: &Request<'_>, site: &Site) -> Client {
    let address = address(request, site).map(|address| address.to_string());
    Client::new(address, request.headers().get_one("User-Agent"))
}

/// The caller's address, as far as `site` believes who hands it on; none where there is no peer.
pub fn address(request: &Request<'_>, site: &Site) -> Option<IpAddr> {
    let peer = request.remote()?.ip();
    let lines: Vec<&str> = request.headers().get("X-Forwarded-For").collect();
    Some(believed(peer, &lines, |address| site.trusts(address)))
}

/// The peer's address or, where the peer is a proxy that is trusted, the last address in `lines`, its `X-Forwarded-For` headers, that is
/// not one.
pub fn believed(peer: IpAddr, lines: &[&str], trusts: impl Fn(&IpAddr) -> bool) -> IpAddr {
    let mut client = peer.to_canonical();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for hop in hops {
        if !trusts(&client) {
            break;
        }
        // What stands before something unreadable was written by nobody we trust.
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        client = address.to_canonical();
    }
    client
}

/// Whether the caller is at this machine.
pub fn is_here(request: &Request<'_>, site: &Site) -> bool {
    address(request, site).is_none_or(|address| address.is_loopback())
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let site = try_outcome!(request.guard::<&State<Site>>().await);
        Outcome::Success(Self {
            client: client(request, site),
            // A program that signs in with an access token at hand has not become another: its session goes on beside the new one.
            session: presented(request).live().filter(|_| !request.headers().contains("Authorization")),
            device: cookies::value(request, &site.device_cookie),
        })
    }
}
