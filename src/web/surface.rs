//! What every request and every answer passes, in order: one fairing, since each has a price.
use rocket::{
    Data, Request, Response,
    fairing::{Fairing, Info, Kind},
};

use super::{compress::Compress, headers, session};

/// Reads the session of a request; slides it when the answer leaves, and puts on the answer what all have.
#[derive(Default)]
pub struct Surface(Compress);

#[rocket::async_trait]
impl Fairing for Surface {
    fn info(&self) -> Info {
        Info { name: "surface", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        session::arrive(request).await;
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let cookie = session::slide(request, response).await;
        headers::add(request, response, cookie);
        self.0.pack(request, response).await;
    }
}
