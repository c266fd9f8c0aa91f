//! Changes that are prepared once.
//!
//! Diesel prepares each of its UPDATEs anew, for what they set may vary: with PostgreSQL that is a journey to another
//! process more, and SQLite takes longer to prepare one than to carry it out where triggers belong to the table. What
//! is done for each certificate is therefore said in SQL, and each connection keeps it prepared.

use diesel::backend::Backend;
use diesel::deserialize::QueryableByName;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Text, Untyped};
use diesel::sqlite::Sqlite;

use crate::connection::{Conn, on_each_engine};

/// A value in the place of a `?`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Integer(i64),
    Octets(&'a [u8]),
    Text(&'a str),
}

impl From<i64> for Value<'_> {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(octets: &'a [u8]) -> Self {
        Self::Octets(octets)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

/// A statement, and the values of its `?` from left to right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared<'a> {
    sql: &'a str,
    values: &'a [Value<'a>],
}

impl<'a> Prepared<'a> {
    /// `sql` is one of few texts: each is kept for as long as a connection. It has as many `?` as there are values.
    pub(crate) fn new(sql: &'a str, values: &'a [Value<'a>]) -> Self {
        debug_assert_eq!(sql.matches('?').count(), values.len(), "{sql}");
        Self { sql, values }
    }

    /// Carries it out; how many rows there were.
    pub(crate) fn execute(self, conn: &mut Conn) -> QueryResult<usize> {
        on_each_engine!(conn => RunQueryDsl::execute(self, conn))
    }

    /// Carries it out; the row that it returns, where there is one.
    pub(crate) fn row<R>(self, conn: &mut Conn) -> QueryResult<Option<R>>
    where
        R: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
    {
        on_each_engine!(conn => self.get_result(conn)).optional()
    }
}

impl<DB> QueryFragment<DB> for Prepared<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Binary> + HasSqlType<Text>,
    i64: ToSql<BigInt, DB>,
    [u8]: ToSql<Binary, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for (place, words) in self.sql.split('?').enumerate() {
            if place > 0 {
                match values.next() {
                    Some(Value::Integer(integer)) => out.push_bind_param::<BigInt, _>(integer)?,
                    Some(Value::Octets(octets)) => out.push_bind_param::<Binary, _>(*octets)?,
                    Some(Value::Text(text)) => out.push_bind_param::<Text, _>(*text)?,
                    None => {
                        return Err(diesel::result::Error::QueryBuilderError("a `?` without a value".into()));
                    }
                }
            }
            out.push_sql(words);
        }
        Ok(())
    }
}

/// By its words.
impl QueryId for Prepared<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Prepared<'_> {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Prepared<'_> {}
