//! Lists of the API, a page or all of them.

use ndoba_client::{ClientError, Page};
use serde::Serialize;

use super::session::Session;
use crate::cli::PageArgs;

/// The most that the API gives at once.
const MOST: u32 = 200;

/// Prints what `fetch` finds by a query; says where a list goes on that was not shown whole.
pub(super) fn print<T: Serialize>(
    session: &Session,
    page: &PageArgs,
    query: &[(&str, Option<&str>)],
    fetch: impl Fn(&[(&str, &str)]) -> Result<Page<T>, ClientError>,
    line: impl Fn(&T) -> String,
) -> anyhow::Result<()> {
    let limit = if page.all { MOST } else { page.limit }.to_string();
    let (mut items, mut after) = (Vec::new(), page.after.clone());
    loop {
        let more = [("limit", Some(limit.as_str())), ("after", after.as_deref())];
        let given = query.iter().chain(&more).filter_map(|(name, value)| Some((*name, (*value)?)));
        let found = fetch(&given.collect::<Vec<_>>())?;
        items.extend(found.items);
        after = found.next;
        if after.is_none() || !page.all {
            break;
        }
    }
    session.print(&items, || items.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    if let Some(next) = after {
        eprintln!("{}", session.words.there_are_more(next));
    }
    Ok(())
}
