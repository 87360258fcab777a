//! From a definition's condition to statements about packages.

use plimsoll_model::{Range, RangeEnd};

use super::document::{Criteria, Document};

/// Ways to satisfy one definition. The largest real ones (kernels, texlive) have some hundreds.
const MAX_ALTERNATIVES: usize = 20_000;

/// "This package, in this range of versions, makes the definition true."
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) name: String,
    pub(super) range: Range,
    pub(super) arch: Option<String>,
    pub(super) module: Option<String>,
}

/// One test, or its comment where it says more than the test.
type Leaf<'a> = (&'a str, &'a str);

/// The statements of a condition, each once.
pub(super) fn statements(
    document: &Document,
    condition: &Criteria,
) -> Result<Vec<Statement>, String> {
    let mut statements = Vec::new();
    for alternative in alternatives(condition)? {
        for statement in statements_of(document, &alternative)? {
            if !statements.contains(&statement) {
                statements.push(statement);
            }
        }
    }
    Ok(statements)
}

/// The disjunctive form: each element is a set of tests that together satisfy the condition.
fn alternatives(criteria: &Criteria) -> Result<Vec<Vec<Leaf<'_>>>, String> {
    let many = || format!("more than {MAX_ALTERNATIVES} alternatives");
    match criteria {
        Criteria::Test { id, comment } => Ok(vec![vec![(id, comment)]]),
        Criteria::Other => Ok(vec![Vec::new()]),
        Criteria::Or(children) => {
            let mut all = Vec::new();
            for child in children {
                all.append(&mut alternatives(child)?);
                if all.len() > MAX_ALTERNATIVES {
                    return Err(many());
                }
            }
            Ok(all)
        }
        Criteria::And(children) => {
            let mut all = vec![Vec::new()];
            for child in children {
                let child = alternatives(child)?;
                if all.len().saturating_mul(child.len()) > MAX_ALTERNATIVES {
                    return Err(many());
                }
                all = all
                    .iter()
                    .flat_map(|left: &Vec<Leaf<'_>>| {
                        child.iter().map(|right| left.iter().chain(right).copied().collect())
                    })
                    .collect();
            }
            Ok(all)
        }
    }
}

fn statements_of(document: &Document, tests: &[Leaf<'_>]) -> Result<Vec<Statement>, String> {
    let mut found: Vec<Statement> = Vec::new();
    let mut arch = None;
    let mut module = None;
    for (id, comment) in tests {
        let test = document.tests.get(*id).ok_or_else(|| format!("no test {id}"))?;
        if let Some(stream) =
            comment.strip_prefix("Module ").and_then(|c| c.strip_suffix(" is enabled"))
        {
            module = Some(stream.to_owned());
            continue;
        }
        let state = match &test.state {
            None => None,
            Some(id) => Some(document.states.get(id).ok_or_else(|| format!("no state {id}"))?),
        };
        let bound = match state.map(|state| (&state.evr, &state.arch)) {
            Some((Some((operation, version)), _)) => bound(operation, version)?,
            Some((None, Some(only))) => {
                arch = Some(only.clone());
                continue;
            }
            // A package that is affected while it is there (Ubuntu's and Debian's OVAL).
            None if test.family == "dpkginfo" => Bound::Upper(RangeEnd::Open),
            // The system's release, a signature: nothing about a package's version.
            _ => continue,
        };
        for name in names(document, &test.object)? {
            place(&mut found, name, &bound);
        }
    }
    for statement in &mut found {
        statement.arch.clone_from(&arch);
        statement.module.clone_from(&module);
    }
    Ok(found)
}

enum Bound {
    Upper(RangeEnd),
    Lower(String),
}

fn bound(operation: &str, version: &str) -> Result<Bound, String> {
    let version = version.to_owned();
    match operation {
        "less than" => Ok(Bound::Upper(RangeEnd::Fixed(version))),
        "less than or equal" => Ok(Bound::Upper(RangeEnd::LastAffected(version))),
        "greater than or equal" => Ok(Bound::Lower(version)),
        other => Err(format!("unknown operation {other:?}")),
    }
}

/// Two bounds on one package in one alternative are one range.
fn place(found: &mut Vec<Statement>, name: &str, bound: &Bound) {
    let at = match found.iter().position(|statement| statement.name == name) {
        Some(at) => at,
        None => {
            let range = Range { introduced: None, end: RangeEnd::Open };
            found.push(Statement { name: name.to_owned(), range, arch: None, module: None });
            found.len() - 1
        }
    };
    if let Some(statement) = found.get_mut(at) {
        match bound {
            Bound::Upper(end) => statement.range.end = end.clone(),
            Bound::Lower(version) => statement.range.introduced = Some(version.clone()),
        }
    }
}

fn names<'d>(document: &'d Document, object: &str) -> Result<Vec<&'d str>, String> {
    let object = document.objects.get(object).ok_or_else(|| format!("no object {object}"))?;
    match &object.variable {
        None if object.name.is_empty() => Err("an object without a name".to_owned()),
        None => Ok(vec![object.name.as_str()]),
        Some(id) => document
            .variables
            .get(id)
            .map(|values| values.iter().map(String::as_str).collect())
            .ok_or_else(|| format!("no variable {id}")),
    }
}
