//! Pages from templates, with what every page knows.
use std::{sync::Arc, time::Duration};

use rocket::{
    Request, Response, State,
    http::{ContentType, Status},
    outcome::try_outcome,
    request::{FromRequest, Outcome},
    response::Responder,
};
use serde_json::{Map, Value, json};
use tera::{Context, context};

use super::{Problem, Site, passive::prolongs, session::presented, trace::Trace};
use crate::{
    accounts::{Accounts, Internal},
    clock::Timestamp,
    log::RequestId,
    model::{password, session::Session},
    templates::Templates,
};

/// Makes pages for one request.
pub struct Pages<'r> {
    templates: &'r Templates,
    site: &'r Site,
    accounts: &'r Accounts,
    request: &'r Request<'r>,
}

/// A page, or why it could not be made.
pub struct Page(Result<String, Problem>);

/// A form shown again with what is wrong with it, and its true status.
pub struct Again {
    page: Page,
    problem: Problem,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Pages<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        try_outcome!(request.guard::<&State<Arc<Templates>>>().await);
        try_outcome!(request.guard::<&State<Accounts>>().await);
        try_outcome!(request.guard::<&State<Site>>().await);
        match Self::of(request) {
            Some(pages) => Outcome::Success(pages),
            None => Outcome::Error((Status::InternalServerError, ())),
        }
    }
}

impl<'r> Pages<'r> {
    /// Makes pages for `request`; `None` only where the program was put together without templates.
    pub fn of(request: &'r Request<'_>) -> Option<Self> {
        let rocket = request.rocket();
        Some(Self {
            templates: rocket.state::<Arc<Templates>>()?,
            site: rocket.state()?,
            accounts: rocket.state()?,
            request,
        })
    }

    /// The page called `name`.
    pub fn show(&self, name: &str, context: Context) -> Page {
        Page(self.render(name, context).map_err(Problem::internal))
    }

    /// The page called `name` with an empty form.
    pub fn form(&self, name: &str, context: Context) -> Page {
        let mut all = context! { form => &json!({}), errors => &json!({}), problem => &Value::Null };
        all.extend(context);
        self.show(name, all)
    }

    /// The form again: what was typed, but no password, and what is wrong beside each field.
    pub fn again(&self, name: &str, typed: &Value, problem: Problem, context: Context) -> Again {
        let errors: Map<String, Value> =
            problem.errors.iter().map(|error| (error.field.clone(), error.message.clone().into())).collect();
        let sentence = if errors.is_empty() { Value::from(problem.detail.as_str()) } else { Value::Null };
        let mut all = context! { form => typed, errors => &errors, problem => &sentence };
        all.extend(context);
        Again { page: self.show(name, all), problem }
    }

    /// The same with a context that the database knows; where it was waited for in vain already, it is not asked.
    pub async fn again_with<E: Into<Problem>>(
        &self,
        name: &str,
        typed: &Value,
        problem: Problem,
        context: impl Future<Output = Result<Context, E>>,
    ) -> Again {
        if problem.is_outage() {
            return problem.into();
        }
        match context.await {
            Ok(context) => self.again(name, typed, problem, context),
            Err(other) => other.into().into(),
        }
    }

    /// The page of a problem that no form can show.
    pub fn error(&self, problem: &Problem, request_id: RequestId) -> Option<String> {
        let context = context! {
            status => &problem.status().code, title => problem.title(), detail => &problem.detail,
            request_id => &request_id.to_string(),
        };
        let page = self.render("error", context);
        let trace = Trace::of(self.request);
        page.inspect_err(|error| trace.around(|| tracing::error!(%error, "the error page could not be made"))).ok()
    }

    /// What the pages with a new password say about it.
    pub fn password_help(&self) -> Context {
        let min_length = self.accounts.min_password_length();
        context! { min_length => &min_length, suggestion => &password::suggestion(min_length) }
    }

    /// When the session ends, as this answer leaves it.
    fn session(&self, session: &Session) -> Value {
        let now = self.accounts.now();
        let left = if prolongs(self.request) { self.accounts.lifetimes().slide(session, now) } else { session.clone() };
        json!({
            "user": session.user_id,
            "role": session.role,
            "expires_at": moment(left.expires_at),
            "ends_at": moment(left.ends_at),
            "seconds_left": left.expires_at.since(now).as_secs(),
        })
    }

    fn render(&self, name: &str, context: Context) -> Result<String, Internal> {
        let session = presented(self.request).live();
        let mut all = context! {
            site => &json!({
                "name": "Nightlatch",
                "url": self.site.url,
                "verifies_email": self.accounts.verifies_email(),
                "open_signup": self.accounts.is_signup_open(),
            }),
            user => &session.map(|session| json!({ "id": session.user_id, "role": session.role })),
            session => &session.map(|session| self.session(session)),
            idle => &in_words(self.accounts.lifetimes().idle),
            path => self.request.uri().path().as_str(),
            mailbox => &self.site.mailbox,
        };
        all.extend(context);
        self.templates.render(&format!("{name}.html.tera"), &all)
    }
}

/// A moment as templates want it.
pub fn moment(at: Timestamp) -> Value {
    json!({ "iso": at.rfc3339(), "text": at.to_string() })
}

/// A number of things for people: `1,204`.
pub fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let comma = |place: usize| place > 0 && (digits.len() - place).is_multiple_of(3);
    digits.char_indices().flat_map(|(place, digit)| comma(place).then_some(',').into_iter().chain([digit])).collect()
}

/// A duration in the largest unit that tells it whole: `10 minutes`.
pub fn in_words(span: Duration) -> String {
    let seconds = span.as_secs();
    let (number, unit) = match seconds {
        s if s % 3600 == 0 => (s / 3600, "hour"),
        s if s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        match self.0 {
            Ok(html) => (ContentType::HTML, html).respond_to(request),
            Err(problem) => problem.respond_to(request),
        }
    }
}

impl From<Problem> for Again {
    /// No form at all: the problem is answered alone.
    fn from(problem: Problem) -> Self {
        Self { page: Page(Err(problem.clone())), problem }
    }
}

impl<'r> Responder<'r, 'static> for Again {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        if !self.problem.is_about_input() {
            return self.problem.respond_to(request);
        }
        let mut response: Response<'static> = self.page.respond_to(request)?;
        self.problem.finish(request, &mut response);
        Ok(response)
    }
}
