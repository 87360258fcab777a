//! What is asked for.

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::error::{Error, shown};
use crate::policy::{AddressPolicy, Refusal, is_loopback};
use crate::resume::Tail;
use crate::secret::Secret;

/// The methods that Plimsoll uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Fetch.
    Get,
    /// Only the headers.
    Head,
    /// Send a form, such as a token request.
    Post,
}

#[derive(Clone, Debug)]
struct Authorization {
    value: Secret,
    owner: Owner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// The operator.
    Operator,
    /// Nobody: the token service gives it to everyone.
    Anybody,
}

/// The most that is read of a body, and the words for it in the error.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// In bytes.
    pub bytes: u64,
    /// What the body is, such as `manifest`.
    pub name: &'static str,
}

/// What a request has when nothing was said: enough for answers that are read into memory.
const DEFAULT_LIMIT: Limit = Limit { bytes: 16 << 20, name: "response" };

/// One request, to be sent any number of times.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) policy: AddressPolicy,
    pub(crate) limit: Limit,
    authorization: Option<Authorization>,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Request {
    /// Fetches `url`. A user and password in it become an `Authorization` header.
    pub fn get(url: Url) -> Self {
        Self::new(Method::Get, url)
    }

    /// Asks only for the headers of `url`.
    pub fn head(url: Url) -> Self {
        Self::new(Method::Head, url)
    }

    /// Sends `body` to `url`. It is taken for a secret: over plain http it goes only to this machine,
    /// and it is never redirected.
    pub fn post(url: Url, content_type: &str, body: Vec<u8>) -> Self {
        let mut request = Self::new(Method::Post, url).header("content-type", content_type);
        request.body = body;
        request
    }

    fn new(method: Method, mut url: Url) -> Self {
        let authorization =
            take_user(&mut url).map(|value| Authorization { value, owner: Owner::Operator });
        Self {
            method,
            url,
            policy: AddressPolicy::Operator,
            limit: DEFAULT_LIMIT,
            authorization,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header; `name` in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the value of `Authorization`. It is sent to the host of this URL only, and over plain
    /// http only to this machine (trust rule 9).
    #[must_use]
    pub fn authorization(mut self, value: Secret) -> Self {
        self.authorization = Some(Authorization { value, owner: Owner::Operator });
        self
    }

    /// Sets the value of `Authorization` to a token that was given to nobody in particular: it goes
    /// to the host of this URL only, but also where plain http was allowed.
    #[must_use]
    pub fn anonymous_token(mut self, value: Secret) -> Self {
        self.authorization = Some(Authorization { value, owner: Owner::Anybody });
        self
    }

    /// Says who named the address. Without it, the operator did.
    #[must_use]
    pub fn policy(mut self, policy: AddressPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how much may be read.
    #[must_use]
    pub fn limit(mut self, limit: Limit) -> Self {
        self.limit = limit;
        self
    }

    /// Asks for what lies behind a cut.
    #[must_use]
    pub fn tail(self, tail: &Tail) -> Self {
        let request = self.header("range", format!("bytes={}-", tail.start));
        match &tail.if_range {
            Some(validator) => request.header("if-range", validator),
            None => request,
        }
    }

    /// Asks for the content only if it is no longer the one that `known` describes.
    pub(crate) fn unless(self, known: &Validators) -> Self {
        let mut request = self;
        if let Some(etag) = &known.etag {
            request = request.header("if-none-match", etag);
        }
        if let Some(date) = &known.last_modified {
            request = request.header("if-modified-since", date);
        }
        request
    }

    /// The request for one hop; `authorized` is false once a redirect left the host.
    pub(crate) fn hop(&self, url: Url, authorized: bool) -> Result<reqwest::Request, Error> {
        let method = match self.method {
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
            Method::Post => reqwest::Method::POST,
        };
        let secret = self.authorization.as_ref().filter(|_| authorized);
        // What is posted is a form for a token service: it holds credentials.
        let is_secret = self.method == Method::Post
            || secret.is_some_and(|secret| secret.owner == Owner::Operator);
        if is_secret && url.scheme() == "http" && !is_loopback(&url) {
            let refusal = Refusal::PlainCredentials;
            return Err(Error::Refused { address: shown(&url), refusal });
        }
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = self.header_map(secret.map(|secret| &secret.value))?;
        if self.method == Method::Post {
            *request.body_mut() = Some(self.body.clone().into());
        }
        Ok(request)
    }

    fn header_map(&self, secret: Option<&Secret>) -> Result<HeaderMap, Error> {
        let mut map = HeaderMap::with_capacity(self.headers.len() + 1);
        for (name, value) in &self.headers {
            let value = HeaderValue::from_str(value).map_err(|_| Error::Header { name })?;
            map.insert(HeaderName::from_static(name), value);
        }
        if let Some(secret) = secret {
            let mut value = HeaderValue::from_str(secret.expose())
                .map_err(|_| Error::Header { name: AUTHORIZATION_NAME })?;
            value.set_sensitive(true);
            map.insert(AUTHORIZATION, value);
        }
        debug_assert!(self.method != Method::Post || map.contains_key(CONTENT_TYPE));
        Ok(map)
    }
}

const AUTHORIZATION_NAME: &str = "authorization";

/// What identifies a version of some content, to ask later whether it changed (RFC 9110, 8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The `ETag` as it was sent, with its quotes.
    pub etag: Option<String>,
    /// The `Last-Modified` date as it was sent.
    pub last_modified: Option<String>,
}

/// Takes user and password out of a URL, as a value for `Authorization`.
pub(crate) fn take_user(url: &mut Url) -> Option<Secret> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let user = percent_decoded(url.username());
    let password = percent_decoded(url.password().unwrap_or_default());
    // Both fail only for URLs that cannot have a user, and those have none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(Secret::basic(&user, &Secret::new(password)))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.filter(|_| byte == b'%').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_in_the_url_becomes_a_header_that_is_not_shown() {
        let request = Request::get(Url::parse("https://us%40er:p%3Aw@a.example/x").unwrap());
        assert_eq!(request.url.as_str(), "https://a.example/x");
        let sent = request.hop(request.url.clone(), true).unwrap();
        assert_eq!(sent.headers()[AUTHORIZATION].to_str().unwrap(), "Basic dXNAZXI6cDp3");
        let sent = request.hop(request.url.clone(), false).unwrap();
        assert!(sent.headers().is_empty());
        assert!(!format!("{request:?}").contains("Basic"));
    }

    #[test]
    fn a_header_with_a_line_break_is_refused() {
        let request = Request::get(Url::parse("https://a.example/").unwrap());
        let error = request.header("accept", "a\r\nx: y").header_map(None).unwrap_err();
        assert_eq!(error.to_string(), "the value of header accept cannot be sent");
    }

    #[test]
    fn percent_signs_are_decoded_where_they_mean_something() {
        for (text, expected) in [("a%40b", "a@b"), ("%", "%"), ("%4", "%4"), ("%zz", "%zz")] {
            assert_eq!(percent_decoded(text), expected);
        }
    }

    #[test]
    fn credentials_go_over_plain_http_only_to_this_machine() {
        let check = |url: &str, expected: bool| {
            let request = Request::get(Url::parse(url).unwrap());
            let url = request.url.clone();
            let ours = request.clone().authorization(Secret::new("Basic x"));
            assert_eq!(ours.hop(url.clone(), true).is_ok(), expected, "{url}");
            let form = Request::post(url.clone(), "text/plain", Vec::new());
            assert_eq!(form.hop(url.clone(), true).is_ok(), expected, "{url}");
            assert!(request.anonymous_token(Secret::new("Bearer x")).hop(url, true).is_ok());
        };
        check("https://a.example/", true);
        check("http://a.example/", false);
        check("http://10.0.0.1/", false);
        check("http://127.0.0.1:5000/", true);
        check("http://localhost:5000/", true);
    }
}
