//! Bearer tokens: asked for once per scope, kept until they expire.
//!
//! The protocol: distribution's "Token Authentication Specification" (GET), and its OAuth 2 form
//! for identity tokens (POST).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use plimsoll_fetch::{AddressPolicy, Limit, Request, Secret, Url, Zone};
use serde::Deserialize;

use crate::credentials::Credential;
use crate::error::Error;

/// How long a token lives that says nothing (the specification's default).
const DEFAULT_SECONDS: u64 = 60;
/// A token is not used in its last moments: the request takes time too.
const MARGIN: Duration = Duration::from_secs(10);
/// The longest that a token is kept, whatever it says.
const MAX_SECONDS: u64 = 24 * 3600;
const LIMIT: Limit = Limit { bytes: 1 << 20, name: "token" };
/// Sent to token services that want to know the program.
const CLIENT_ID: &str = "plimsoll";

/// A token and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) value: Secret,
    pub(crate) owner: TokenOwner,
}

/// Whether credentials were needed for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenOwner {
    Anybody,
    Operator,
}

/// The tokens of one registry by scope.
#[derive(Default)]
pub(crate) struct Tokens {
    known: Mutex<HashMap<String, (Token, Instant)>>,
}

impl Tokens {
    pub(crate) fn get(&self, scope: &str) -> Option<Token> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, until) = known.get(scope)?;
        (Instant::now() < *until).then(|| token.clone())
    }

    pub(crate) fn keep(&self, scope: &str, token: Token, lifetime: Duration) {
        let until = Instant::now() + lifetime.saturating_sub(MARGIN);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(scope.to_owned(), (token, until));
    }

    pub(crate) fn forget(&self, scope: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(scope);
    }
}

/// What a token is asked for with.
pub(crate) struct TokenQuery<'a> {
    pub(crate) realm: &'a Url,
    pub(crate) service: Option<&'a str>,
    pub(crate) scope: &'a str,
    /// Only where it may be sent to the realm.
    pub(crate) credential: Option<&'a Credential>,
    /// Where the registry lives that named the realm.
    pub(crate) zone: Zone,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
    expires_in: Option<u64>,
}

impl TokenQuery<'_> {
    pub(crate) fn request(&self) -> Request {
        let request = match self.credential {
            Some(Credential::Identity(refresh)) => self.oauth(refresh),
            Some(Credential::Password { user, password }) => {
                Request::get(self.url()).authorization(Secret::basic(user, password))
            }
            Some(Credential::Registry(_)) | None => Request::get(self.url()),
        };
        request.policy(AddressPolicy::Referred(self.zone)).limit(LIMIT)
    }

    pub(crate) fn owner(&self) -> TokenOwner {
        match self.credential {
            None => TokenOwner::Anybody,
            Some(_) => TokenOwner::Operator,
        }
    }

    fn url(&self) -> Url {
        let mut url = self.realm.clone();
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(self.service.map(|service| ("service", service)));
            // Several scopes in one challenge are several parameters.
            query.extend_pairs(self.scope.split(' ').map(|scope| ("scope", scope)));
        }
        url
    }

    fn oauth(&self, refresh: &Secret) -> Request {
        let mut form = Url::clone(self.realm);
        form.set_query(None);
        form.query_pairs_mut()
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", CLIENT_ID)
            .append_pair("scope", self.scope)
            .append_pair("refresh_token", refresh.expose())
            .extend_pairs(self.service.map(|service| ("service", service)));
        let body = form.query().unwrap_or_default().as_bytes().to_vec();
        Request::post(self.realm.clone(), "application/x-www-form-urlencoded", body)
    }
}

/// The token in an answer, and how long it lives.
pub(crate) fn parse(bytes: &[u8]) -> Option<(Secret, Duration)> {
    let answer: Answer = serde_json::from_slice(bytes).ok()?;
    let token = if answer.token.is_empty() { answer.access_token } else { answer.token };
    let seconds = answer.expires_in.unwrap_or(DEFAULT_SECONDS).clamp(DEFAULT_SECONDS, MAX_SECONDS);
    (!token.is_empty()).then(|| (Secret::new(token), Duration::from_secs(seconds)))
}

impl Error {
    pub(crate) fn no_token(host: &str, realm: &Url) -> Self {
        let realm = realm.host_str().unwrap_or_default();
        Self::NoToken { host: host.to_owned(), realm: realm.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_a_token_under_either_name() {
        let check = |json: &str, expected: Option<(&str, u64)>| {
            let expected =
                expected.map(|(token, seconds)| (Secret::new(token), Duration::from_secs(seconds)));
            assert_eq!(parse(json.as_bytes()), expected, "{json}");
        };
        check(r#"{"token": "a", "expires_in": 300, "issued_at": "x"}"#, Some(("a", 300)));
        check(r#"{"access_token": "b"}"#, Some(("b", 60)));
        check(r#"{"token": "a", "access_token": "b", "expires_in": 1}"#, Some(("a", 60)));
        check(r#"{"token": "a", "expires_in": 99999999}"#, Some(("a", 86400)));
        check(r#"{"token": ""}"#, None);
        check("[]", None);
        check("", None);
    }

    #[test]
    fn tokens_are_kept_until_shortly_before_they_expire() {
        let tokens = Tokens::default();
        let token = || Token { value: Secret::new("t"), owner: TokenOwner::Anybody };
        tokens.keep("a", token(), Duration::from_secs(60));
        tokens.keep("b", token(), MARGIN);
        assert!(tokens.get("a").is_some());
        assert!(tokens.get("b").is_none());
        assert!(tokens.get("c").is_none());
        tokens.forget("a");
        assert!(tokens.get("a").is_none());
    }

    #[test]
    fn the_query_names_service_and_every_scope() {
        let realm = Url::parse("https://auth.example/token?x=1").unwrap();
        let query = TokenQuery {
            realm: &realm,
            service: Some("r.example"),
            scope: "repository:a/b:pull repository:c:pull",
            credential: None,
            zone: Zone::Public,
        };
        let expected = "https://auth.example/token?x=1&service=r.example\
                        &scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ac%3Apull";
        assert_eq!(query.url().as_str(), expected);
    }
}
