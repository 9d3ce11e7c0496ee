//! The mailbox of a server without a mail server: letters are files, shown to this machine only.
use std::{fs, os::unix::fs::PermissionsExt, sync::Arc};

use nightlatch::workers::postman::Postman;
use rocket::{
    async_test,
    http::{Header, Status},
};

use crate::support::{Answer, Options, PASSWORD, TestApp, code_in};

async fn app() -> TestApp {
    TestApp::with(Options { mailbox: true, ..Options::default() }).await
}

async fn deliver(app: &TestApp) {
    while app.client.rocket().state::<Arc<Postman>>().unwrap().deliver().await.unwrap() > 0 {}
}

async fn sign_up(app: &TestApp, email: &str) {
    let fields = [("name", "Ann"), ("email", email), ("password", PASSWORD)];
    assert_eq!(app.post_form("/signup", &fields).await.status(), Status::SeeOther);
    deliver(app).await;
}

async fn page(app: &TestApp, path: &str) -> String {
    let answer = Answer::of(app.get(path).await).await;
    assert_eq!(answer.status, Status::Ok, "{path}");
    answer.body
}

/// The addresses of the letters on the mailbox page, as they are listed.
fn listed(page: &str) -> Vec<String> {
    let links = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    links.filter(|link| link.starts_with("/dev/mailbox/")).collect()
}

#[async_test]
async fn a_visitor_signs_up_with_the_letter_in_the_mailbox() {
    let app = app().await;
    assert!(page(&app, "/dev/mailbox").await.contains("No letters yet"));
    sign_up(&app, "ann@example.com").await;
    assert!(page(&app, "/verify-email").await.contains("href=\"/dev/mailbox\""));
    let mailbox = page(&app, "/dev/mailbox").await;
    assert!(mailbox.contains("Your code to sign up at Nightlatch") && mailbox.contains("ann@example.com"), "{mailbox}");
    let letters = listed(&mailbox);
    assert_eq!(letters.len(), 1, "{mailbox}");
    let letter = page(&app, &letters[0]).await;
    let code = code_in(&letter).unwrap();
    assert!(letter.contains("ann@example.com") && letter.contains("no-reply@localhost"), "{letter}");
    assert_eq!(app.post_form("/verify-email", &[("code", &code)]).await.status(), Status::SeeOther);
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok);
}

#[async_test]
async fn letters_are_files_for_their_owner_only() {
    let app = app().await;
    sign_up(&app, "ann@example.com").await;
    let folder = app.data_dir().join("mail");
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert!(files[0].file_name().to_str().unwrap().ends_with(".eml"));
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(files[0].path()).unwrap();
    for line in ["To: ann@example.com", "From: Nightlatch <no-reply@localhost>", "Auto-Submitted: auto-generated"] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    for kind in ["text/plain", "text/html"] {
        assert!(text.contains(kind), "{kind} is not in {text}");
    }
}

#[async_test]
async fn the_newest_letter_stands_first() {
    let app = app().await;
    for email in ["ann@example.com", "bob@example.com", "cat@example.com"] {
        sign_up(&app, email).await;
        app.advance(std::time::Duration::from_secs(1));
    }
    let mailbox = page(&app, "/dev/mailbox").await;
    let places: Vec<usize> = ["cat@", "bob@", "ann@"].map(|name| mailbox.find(name).unwrap()).into();
    assert!(places.is_sorted(), "{mailbox}");
    assert_eq!(listed(&mailbox).len(), 3);
}

#[async_test]
async fn the_mailbox_is_for_this_machine_only() {
    let app = app().await;
    sign_up(&app, "ann@example.com").await;
    let letter = listed(&page(&app, "/dev/mailbox").await).remove(0);
    for path in ["/dev/mailbox", &letter] {
        let status = async |peer: &str, header: Option<Header<'static>>| {
            let mut request = app.client.get(path.to_owned()).remote(peer.parse().unwrap());
            if let Some(header) = header {
                request.add_header(header);
            }
            request.dispatch().await.status()
        };
        for peer in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(status(peer, None).await, Status::Ok, "{peer}");
        }
        for peer in ["198.51.100.7:1", "10.0.0.1:1", "[2001:db8::1]:1", "0.0.0.0:1", "[::ffff:10.0.0.1]:1"] {
            assert_eq!(status(peer, None).await, Status::NotFound, "{peer}");
            for name in ["X-Forwarded-For", "X-Real-IP"] {
                let claim = Header::new(name, "127.0.0.1");
                assert_eq!(status(peer, Some(claim)).await, Status::NotFound, "{peer} with {name}");
            }
        }
    }
}

#[async_test]
async fn behind_a_proxy_on_this_machine_the_mailbox_is_not_for_its_visitors() {
    let vars = vec![("NIGHTLATCH_PROXY__TRUSTED", "127.0.0.0/8".to_owned())];
    let app = TestApp::with(Options { vars, mailbox: true, ..Options::default() }).await;
    let status = async |forwarded: &'static str| {
        let request = app.client.get("/dev/mailbox").remote("127.0.0.1:1".parse().unwrap());
        request.header(Header::new("X-Forwarded-For", forwarded)).dispatch().await.status()
    };
    assert_eq!(status("198.51.100.7").await, Status::NotFound);
    assert_eq!(status("127.0.0.1, 198.51.100.7").await, Status::NotFound);
    assert_eq!(status("127.0.0.1").await, Status::Ok);
}

#[async_test]
async fn with_a_mail_server_there_is_no_mailbox() {
    let vars = vec![("NIGHTLATCH_MAIL__SMTP_URL", "smtp://127.0.0.1:1".to_owned())];
    let app = TestApp::with(Options { vars, mailbox: true, ..Options::default() }).await;
    for path in ["/dev/mailbox", "/dev/mailbox/x"] {
        assert_eq!(app.get(path).await.status(), Status::NotFound, "{path}");
    }
    let fields = [("name", "Ann"), ("email", "ann@example.com"), ("password", PASSWORD)];
    assert_eq!(app.post_form("/signup", &fields).await.status(), Status::SeeOther);
    assert!(!page(&app, "/verify-email").await.contains("/dev/mailbox"));
    assert!(!app.data_dir().join("mail").exists());
}

#[async_test]
async fn no_name_of_a_letter_leads_out_of_the_folder() {
    let app = app().await;
    sign_up(&app, "ann@example.com").await;
    let letter = listed(&page(&app, "/dev/mailbox").await).remove(0);
    fs::write(app.data_dir().join("secret.eml"), "Subject: secret\r\n\r\nsecret").unwrap();
    fs::write(app.data_dir().join("mail/.hidden.eml"), "Subject: secret\r\n\r\nsecret").unwrap();
    fs::write(app.data_dir().join("mail/two words.eml"), "Subject: secret\r\n\r\nsecret").unwrap();
    for id in [
        "x",
        "..",
        "../secret",
        "%2e%2e%2fsecret",
        "..%2Fsecret",
        "..%5Csecret",
        ".hidden",
        "%2ehidden",
        "two%20words",
        "",
        "%00",
        "x.eml",
    ] {
        let answer = Answer::of(app.get(&format!("/dev/mailbox/{id}")).await).await;
        assert!(!answer.body.contains("secret"), "{id}: {}", answer.body);
        // Without a name it is the list.
        let status = if id.is_empty() { Status::Ok } else { Status::NotFound };
        assert_eq!(answer.status, status, "{id}");
    }
    assert_eq!(app.get(&format!("{letter}.eml")).await.status(), Status::NotFound);
    assert_eq!(app.get(&format!("{letter}/")).await.status(), Status::Ok);
    assert_eq!(listed(&page(&app, "/dev/mailbox").await), [letter]);
}

#[async_test]
async fn a_letter_from_elsewhere_is_shown_as_text() {
    let app = app().await;
    let evil = "From: <script>@example.com\r\nTo: x@example.com\r\nSubject: <svg onload=x> {{ 7*7 }}\r\n\r\n</pre><script>alert(1)</script>";
    fs::create_dir(app.data_dir().join("mail")).unwrap();
    fs::write(app.data_dir().join("mail/evil.eml"), evil).unwrap();
    fs::write(app.data_dir().join("mail/empty.eml"), "").unwrap();
    for path in ["/dev/mailbox", "/dev/mailbox/evil"] {
        let page = page(&app, path).await;
        assert!(page.contains("&lt;svg onload=x&gt; {{ 7*7 }}"), "{page}");
        for raw in ["<svg", "<script>", "</pre><"] {
            assert!(!page.contains(raw), "{raw} in {page}");
        }
    }
}
