//! How a letter leaves: through a mail server, or into a folder where there is none.
use std::{io, path::PathBuf, sync::Mutex, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters},
};
use mail_parser::MessageParser;
use rustls::pki_types::CertificateDer;
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::{
    accounts::Internal,
    clock::Timestamp,
    settings::{self, Settings, is_loopback},
};

/// How long a mail server may take for one letter.
const SMTP_TIMEOUT: Duration = Duration::from_secs(10);

/// A letter ready to leave.
pub struct Envelope<'a> {
    /// Its name here; part of its Message-ID and its file name, so that a letter sent twice can be recognised.
    pub id: &'a str,
    /// Where it goes.
    pub to: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// Its words.
    pub text: String,
    /// The same words with some form.
    pub html: String,
    /// When it is sent.
    pub at: Timestamp,
}

/// Why a letter did not leave.
pub struct Undelivered {
    /// What was wrong.
    pub cause: Internal,
    /// Whether another try would be in vain: the server refused it for good (RFC 5321, 4.2.1: a code of 5yz), or it is too late.
    pub for_good: bool,
}

impl Undelivered {
    /// It need not be tried again.
    pub fn for_good(why: &str) -> Self {
        Self { cause: Internal::new(why), for_good: true }
    }
}

impl From<Internal> for Undelivered {
    fn from(cause: Internal) -> Self {
        Self { cause, for_good: false }
    }
}

/// The way letters go.
pub enum Mailer {
    /// To a mail server.
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    /// Into a folder.
    Folder(MailFolder),
    /// Nowhere: kept in memory for tests.
    Memory(Mutex<Vec<String>>),
}

/// Sends letters from one sender.
pub struct Post {
    from: Mailbox,
    /// The way they go.
    pub mailer: Mailer,
}

impl Post {
    /// The post of these settings.
    ///
    /// # Errors
    /// A sender or server address that cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, Internal> {
        let mailer = match &settings.mail.smtp_url {
            Some(url) => Mailer::Smtp(Box::new(smtp(url, settings.mail.authorities.as_deref())?)),
            None => Mailer::Folder(MailFolder(settings.mail_folder())),
        };
        Ok(Self { from: settings.mail.from.parse()?, mailer })
    }

    /// Keeps letters in memory, for tests.
    ///
    /// # Errors
    /// A sender that cannot be used.
    pub fn in_memory(settings: &Settings) -> Result<Self, Internal> {
        Ok(Self { from: settings.mail.from.parse()?, mailer: Mailer::Memory(Mutex::default()) })
    }

    /// Sends one letter; when this has returned, it is out of our hands.
    ///
    /// # Errors
    /// The server did not take it, or the folder cannot be written.
    pub async fn send(&self, letter: Envelope<'_>) -> Result<(), Undelivered> {
        let message = self.message(&letter)?;
        match &self.mailer {
            Mailer::Smtp(server) => {
                // The server's own time-out is for each step; a letter must be done within the postman's lease.
                let sent = tokio::time::timeout(SMTP_TIMEOUT, server.send(message)).await.map_err(Internal::from)?;
                sent.map_err(|error| Undelivered { for_good: error.is_permanent(), cause: error.into() })?;
            }
            Mailer::Folder(folder) => folder.keep(letter.id, &message.formatted()).await.map_err(Internal::from)?,
            Mailer::Memory(kept) => {
                kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(letter.text);
            }
        }
        Ok(())
    }

    fn message(&self, letter: &Envelope<'_>) -> Result<Message, Internal> {
        let date = std::time::UNIX_EPOCH + Duration::from_millis(u64::try_from(letter.at.millis()).unwrap_or(0));
        Ok(Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, letter.to.parse()?))
            .subject(letter.subject)
            .date(date)
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.email.domain())))
            // RFC 3834: no holiday notices in return.
            .raw_header(lettre::message::header::HeaderValue::new(
                lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".into(),
            ))
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))?)
    }
}

/// A mail server by URL: `smtps` speaks TLS from the first byte, `smtp` must switch to it before anything is said, save on this machine
/// where no authority is named.
fn smtp(
    url: &settings::Masked,
    authorities: Option<&[CertificateDer<'static>]>,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, Internal> {
    let parsed = Url::parse(url.reveal()).map_err(|_| Internal::new("NIGHTLATCH_MAIL__SMTP_URL is no URL"))?;
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let secure = parsed.scheme() == "smtps";
    let tls = tls(host, authorities)?;
    let may_be_plain = authorities.is_none() && parsed.host().is_some_and(is_loopback);
    let tls = match (secure, may_be_plain) {
        (true, _) => Tls::Wrapper(tls),
        (false, true) => Tls::Opportunistic(tls),
        (false, false) => Tls::Required(tls),
    };
    let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(parsed.port().unwrap_or(if secure { 465 } else { 587 }))
        .tls(tls)
        .timeout(Some(SMTP_TIMEOUT));
    if !parsed.username().is_empty() {
        let decoded = |text: &str| percent_decoded(text);
        server =
            server.credentials((decoded(parsed.username())?, decoded(parsed.password().unwrap_or_default())?).into());
    }
    Ok(server.build())
}

/// Trusts these authorities and nobody else, or whom this machine trusts.
fn tls(host: &str, authorities: Option<&[CertificateDer<'static>]>) -> Result<TlsParameters, Internal> {
    let mut tls = TlsParameters::builder(host.to_owned());
    if let Some(authorities) = authorities {
        tls = tls.certificate_store(CertificateStore::None);
        for authority in authorities {
            tls = tls.add_root_certificate(Certificate::from_der(authority.to_vec())?);
        }
    }
    Ok(tls.build()?)
}

fn percent_decoded(text: &str) -> Result<String, Internal> {
    Ok(rocket::http::RawStr::new(text).percent_decode()?.into_owned())
}

/// The folder where letters are kept as `.eml` files.
#[derive(Clone, Debug)]
pub struct MailFolder(PathBuf);

/// A letter in the folder.
pub struct Kept {
    /// Its file name without ending.
    pub id: String,
    /// Where it would have gone.
    pub to: String,
    /// Who wrote it.
    pub from: String,
    /// What it is about.
    pub subject: String,
    /// Its words.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
}

impl MailFolder {
    /// The folder of these settings.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Writes a letter; half a file is never seen under its name.
    async fn keep(&self, id: &str, message: &[u8]) -> io::Result<()> {
        tokio::fs::create_dir_all(&self.0).await?;
        let (part, whole) = (self.0.join(format!("{id}.part")), self.0.join(format!("{id}.eml")));
        let mut file =
            tokio::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part).await?;
        file.write_all(message).await?;
        file.sync_all().await?;
        tokio::fs::rename(part, whole).await
    }

    /// Every letter, the newest first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub async fn letters(&self) -> Result<Vec<Kept>, Internal> {
        let mut ids = Vec::new();
        let mut entries = match tokio::fs::read_dir(&self.0).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            ids.extend(name.to_str().and_then(|name| name.strip_suffix(".eml")).map(str::to_owned));
        }
        // Ids begin with the time they were made at.
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let mut letters = Vec::new();
        for id in ids {
            letters.extend(self.letter(&id).await?);
        }
        Ok(letters)
    }

    /// One letter, if there is one of this id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn letter(&self, id: &str) -> Result<Option<Kept>, Internal> {
        // Ids are letters and digits only: no path leads out of the folder.
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let message = match tokio::fs::read(self.0.join(format!("{id}.eml"))).await {
            Ok(message) => message,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(MessageParser::new().parse(&message).map(|message| kept(id, &message)))
    }
}

fn kept(id: &str, message: &mail_parser::Message<'_>) -> Kept {
    let address = |address: Option<&mail_parser::Address<'_>>| {
        address.and_then(|list| list.first()?.address()).unwrap_or_default().to_owned()
    };
    Kept {
        id: id.to_owned(),
        to: address(message.to()),
        from: address(message.from()),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        at: Timestamp::from_seconds(message.date().map_or(0, mail_parser::DateTime::to_timestamp)),
    }
}
