//! The public URL as callers reach it: who answers, with which certificate, cookies and headers, and whom it takes us for.
use std::{error::Error, net::IpAddr, sync::Arc, time::Duration};

use ureq::{
    Agent, Body,
    http::{Response, StatusCode},
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
};

use super::{Findings, database::compare, mail::causes};
use crate::{
    clock::{Clock, Timestamp},
    model::id::random_text,
    secret::Prover,
    settings::Settings,
    web::{
        Site,
        check::{self, Arrival},
    },
};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Nobody's address (RFC 5737): where it is believed, anybody's would be.
const FORGED: &str = "192.0.2.1";

pub async fn check(settings: Settings, prover: Prover, clock: &Clock, findings: &mut Findings) {
    let clock = clock.clone();
    let mut taken = std::mem::take(findings);
    // The client waits on its thread.
    let done = tokio::task::spawn_blocking(move || {
        let site = Site::new(&settings);
        Visit { agent: agent(), settings: &settings, site: &site, prover: &prover, clock: &clock }.run(&mut taken);
        taken
    });
    match done.await {
        Ok(done) => *findings = done,
        Err(error) => findings.problem("public URL", error, "report this as a fault of Nightlatch"),
    }
}

/// Trusts whom this machine trusts (`SSL_CERT_FILE` names others), follows nothing, and asks no proxy of the environment.
fn agent() -> Agent {
    let found = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<Certificate<'static>> =
        found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build();
    config.new_agent()
}

struct Visit<'a> {
    agent: Agent,
    settings: &'a Settings,
    site: &'a Site,
    prover: &'a Prover,
    clock: &'a Clock,
}

impl Visit<'_> {
    fn run(&self, findings: &mut Findings) {
        let Some((arrival, response)) = self.arrive(findings) else { return };
        if arrival.public_url == self.site.url {
            findings.ok("public URL", format!("{} is answered by this instance", self.site.url));
        } else {
            let is = format!("the server that runs was started with {}", arrival.public_url);
            findings.problem("public URL", is, "give NIGHTLATCH_PUBLIC_URL the same value here and there, and restart");
        }
        let ours = self.clock.now();
        compare("clock of the server", Timestamp::from_millis(arrival.now), ours, findings);
        self.address(&arrival, findings);
        self.cookie(&response, findings);
        self.headers(findings);
    }

    /// One request that only this instance can answer, with a claim about the caller that nobody should believe.
    fn arrive(&self, findings: &mut Findings) -> Option<(Arrival, Response<Body>)> {
        let question = check::question(self.prover, self.clock.now(), &random_text());
        let asked = self
            .agent
            .get(format!("{}{}", self.site.url, check::PATH))
            .header(check::HEADER, &question)
            .header("X-Forwarded-For", FORGED)
            .call();
        let url = &self.site.url;
        let mut response = match asked {
            Ok(response) => response,
            Err(error) => {
                let why = causes(&error);
                self.unreachable(&error, &why, findings);
                return None;
            }
        };
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get("Location").and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
            let is = format!("{url} redirects to {to}");
            findings.problem("public URL", is, "set NIGHTLATCH_PUBLIC_URL to the address that people end up at");
            return None;
        }
        if [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT].contains(&status) {
            let is = format!("{url} is answered {status}");
            findings.problem(
                "public URL",
                is,
                "start the server, and let the proxy lead to ROCKET_ADDRESS and ROCKET_PORT",
            );
            return None;
        }
        let arrival = response.body_mut().read_to_string().ok();
        let arrival = arrival.and_then(|text| serde_json::from_str::<Arrival>(&text).ok());
        match arrival.filter(|arrival| arrival.answers(self.prover, &question)) {
            Some(arrival) => Some((arrival, response)),
            None => {
                let is = format!("{url} is answered by something else than this instance ({status})");
                let fix = "correct NIGHTLATCH_PUBLIC_URL, or where the proxy leads to; every node and this command need the same secret";
                findings.problem("public URL", is, fix);
                None
            }
        }
    }

    fn unreachable(&self, error: &ureq::Error, why: &str, findings: &mut Findings) {
        let url = &self.site.url;
        if is_about_certificate(error, why) {
            let fix = if why.contains("xpired") {
                "renew it, and see why that does not happen by itself"
            } else if why.contains("NotValidForName") || why.contains("not valid for") {
                "get one for this name, or correct NIGHTLATCH_PUBLIC_URL"
            } else {
                "serve the whole chain of an authority that browsers trust; SSL_CERT_FILE names one of your own to this command"
            };
            return findings.problem("certificate", format!("{url} is not trusted: {why}"), fix);
        }
        let fix = "start the server and its proxy, and see that NIGHTLATCH_PUBLIC_URL has the right name and port";
        findings.problem("public URL", format!("{url} cannot be reached: {why}"), fix);
    }

    fn address(&self, arrival: &Arrival, findings: &mut Findings) {
        let Arrival { peer, address, forwarded, .. } = arrival;
        let name = "caller's address";
        let everybody = self.settings.trusted_proxies.iter().find(|net| net.prefix_len() == 0);
        let trusted =
            peer.parse().is_ok_and(|peer: IpAddr| self.settings.trusted_proxies.iter().any(|net| net.contains(&peer)));
        match forwarded.as_deref() {
            _ if everybody.is_some() => {
                findings.problem(
                    name,
                    "NIGHTLATCH_PROXY__TRUSTED is everybody, so anyone can claim any address",
                    format!("name the proxy only: {peer}"),
                );
            }
            // Ours went through as it was.
            Some(FORGED) if trusted => {
                let is = format!("the proxy at {peer} hands on what callers claim of themselves");
                findings.problem(
                    name,
                    is,
                    "let it set X-Forwarded-For to the address it sees, as deploy/nginx.conf does",
                );
            }
            // No proxy: what we claimed was rightly not believed.
            Some(FORGED) if address == peer => {
                findings.ok(name, format!("seen as {address}, directly; no claim is believed"))
            }
            Some(_) if !trusted => {
                let is =
                    format!("everybody is taken for the proxy at {peer}, which is not in NIGHTLATCH_PROXY__TRUSTED");
                findings.problem(
                    name,
                    is,
                    format!("set NIGHTLATCH_PROXY__TRUSTED={peer}, or the network your proxies are in"),
                );
            }
            Some(_) if address == FORGED => {
                let is = "a claim of the caller's is believed, since the caller is in NIGHTLATCH_PROXY__TRUSTED too";
                findings.warning(name, is, "let the proxy replace X-Forwarded-For, or trust the proxy alone");
            }
            Some(_) => {
                findings.ok(name, format!("seen as {address} through the proxy at {peer}; no claim is believed"))
            }
            None => {
                let is = format!("the proxy at {peer} does not say who calls, so everybody is taken for it");
                findings.problem(
                    name,
                    is,
                    "let it set X-Forwarded-For to the address it sees, as deploy/nginx.conf does",
                );
            }
        }
    }

    /// The probe has every attribute when it leaves the node.
    fn cookie(&self, response: &Response<Body>, findings: &mut Findings) {
        let start = format!("{}=", check::cookie(&self.site.session_cookie));
        let lines = response.headers().get_all("Set-Cookie").iter().filter_map(|line| line.to_str().ok());
        let Some(line) = lines.into_iter().find(|line| line.starts_with(&start)) else {
            return findings.problem("cookies", "the proxy takes them away", "let it hand on Set-Cookie as it is");
        };
        let given: Vec<String> = line.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase()).collect();
        let secure = if self.site.local { "httponly" } else { "secure" };
        let lost: Vec<&str> = ["path=/", "httponly", "samesite=lax", secure]
            .into_iter()
            .filter(|part| !given.iter().any(|has| has == part))
            .collect();
        let domain = given.iter().any(|part| part.starts_with("domain="));
        if !lost.is_empty() || domain {
            let is = format!("the proxy changes them: {line}");
            findings.problem(
                "cookies",
                is,
                "let it hand on Set-Cookie as it is: browsers drop a `__Host-` cookie without Secure or with a Domain",
            );
        } else if self.site.local {
            findings.ok("cookies", "as they were sent; without Secure, since the public URL is http on this machine");
        } else {
            findings.ok("cookies", "`__Host-`, Secure, HttpOnly, SameSite=Lax");
        }
    }

    fn headers(&self, findings: &mut Findings) {
        let page = match self.agent.get(format!("{}/signin", self.site.url)).call() {
            Ok(page) => page,
            Err(error) => return findings.problem("sign-in page", causes(&error), "see the log of the proxy"),
        };
        let mut wanted = vec!["Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"];
        if !self.site.local {
            wanted.push("Strict-Transport-Security");
        }
        let wrong: Vec<String> = wanted
            .into_iter()
            .map(|name| (name, page.headers().get_all(name).iter().count()))
            .filter(|(_, count)| *count != 1)
            .map(|(name, count)| format!("{name} {}", if count == 0 { "missing" } else { "more than once" }))
            .collect();
        if wrong.is_empty() {
            findings.ok("headers", if self.site.local { "whole" } else { "whole, with Strict-Transport-Security" });
        } else {
            findings.problem(
                "headers",
                wrong.join(", "),
                "let the proxy hand on what Nightlatch sends and add nothing to it",
            );
        }
    }
}

fn is_about_certificate(error: &ureq::Error, why: &str) -> bool {
    matches!(error, ureq::Error::Rustls(_) | ureq::Error::Tls(_))
        || error.source().is_some_and(|cause| cause.is::<rustls::Error>())
        || why.contains("certificate")
}
