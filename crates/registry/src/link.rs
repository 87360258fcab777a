//! The next page of a list (OCI distribution specification, "Listing Tags"; RFC 8288).

/// The query of the `rel="next"` link among the values of `Link` headers. Only the query is taken: a registry pages
/// through its own list, and where it says that the list goes on elsewhere is of no interest.
pub(crate) fn next_query<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut links = values.flat_map(|value| value.split(','));
    links.find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let mut parameters = parameters.split(';').map(str::trim);
        let is_next = parameters.any(|parameter| matches!(parameter, "rel=\"next\"" | "rel=next"));
        let (_, query) = target.split_once('?').filter(|_| is_next)?;
        let query = query.split('#').next().unwrap_or_default();
        (!query.is_empty()).then(|| query.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_query_of_the_next_page_is_taken() {
        let check = |values: &[&str], expected: Option<&str>| {
            assert_eq!(next_query(values.iter().copied()).as_deref(), expected, "{values:?}");
        };
        check(&["</v2/a/tags/list?last=x&n=2>; rel=\"next\""], Some("last=x&n=2"));
        check(&["<https://other.example/v2/b/tags/list?n=2#x>;rel=next"], Some("n=2"));
        check(&["</a?x=1>; rel=\"prev\", </b?y=2>; rel=\"next\""], Some("y=2"));
        check(&["</a?x=1>; rel=\"prev\"", "</b?y=2>; rel=\"next\""], Some("y=2"));
        check(&["</a>; rel=\"next\""], None);
        check(&["</a?>; rel=\"next\""], None);
        check(&["/a?x=1; rel=\"next\"", "<", ""], None);
        check(&[], None);
    }
}
