//! The mail server, as far as it talks to us; with an address, a letter.
use std::time::Duration;

use super::Findings;
use crate::{
    clock::Clock,
    mail::{Envelope, Mailer, Post},
    model::id::random_text,
    settings::Settings,
};

const PATIENCE: Duration = Duration::from_secs(15);

pub async fn check(settings: &Settings, letter: Option<&str>, clock: &Clock, findings: &mut Findings) {
    let post = match Post::new(settings) {
        Ok(post) => post,
        Err(error) => {
            return findings.problem("mail", error, "correct NIGHTLATCH_MAIL__SMTP_URL or NIGHTLATCH_MAIL__FROM");
        }
    };
    if let Mailer::Smtp(server) = &post.mailer {
        let answer = tokio::time::timeout(PATIENCE, server.test_connection()).await;
        let wrong = match answer {
            Ok(Ok(true)) => None,
            Ok(Ok(false)) => Some(("it ended the conversation".to_owned(), false)),
            Ok(Err(error)) => Some((causes(&error), error.is_permanent())),
            Err(_) => Some(("no answer in 15 s".to_owned(), false)),
        };
        if let Some((why, refused)) = wrong {
            let fix = if refused {
                "see that user and password in NIGHTLATCH_MAIL__SMTP_URL are right (percent-encoded) and may send from here"
            } else if why.contains("certificate") {
                "let it show one for that host, and name its authority in NIGHTLATCH_MAIL__CA_FILE where this machine does not know it"
            } else {
                "see that host, port and TLS in NIGHTLATCH_MAIL__SMTP_URL are right and no firewall is between"
            };
            return findings.problem("mail", format!("the mail server: {why}"), fix);
        }
        findings.ok("mail", "the mail server takes our letters");
        if settings.mail.from.contains("@localhost") {
            findings.warning(
                "sender",
                format!("letters come from {}", settings.mail.from),
                "set NIGHTLATCH_MAIL__FROM to an address of yours, or they count as spam",
            );
        }
    } else {
        findings.ok("mail", format!("no mail server: letters stay in {}", settings.mail_folder().display()));
    }
    if let Some(to) = letter {
        send(&post, to, settings, clock, findings).await;
    }
}

async fn send(post: &Post, to: &str, settings: &Settings, clock: &Clock, findings: &mut Findings) {
    let text = format!("A letter from `nightlatch check` of {}. It has arrived, so mail works.\n", settings.public_url);
    let html = format!("<p>{}</p>", rocket::http::RawStr::new(text.trim_end()).html_escape());
    let id = random_text();
    let letter = Envelope { id: &id, to, subject: "A test letter", text, html, at: clock.now() };
    match post.send(letter).await {
        Ok(()) => findings.ok("letter", format!("left for {to}; look whether it arrives, and not among the spam")),
        Err(error) => {
            findings.problem("letter", error.cause, "see the reason; the address after --letter may be wrong too")
        }
    }
}

/// An error with everything that led to it.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words.replace('\n', " ")
}
