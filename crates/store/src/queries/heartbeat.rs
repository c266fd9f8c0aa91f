//! Signs of life of the `ca` nodes.

use diesel::prelude::*;
use ndoba_registration::ports::CaHeartbeat;
use ndoba_types::UtcTime;

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::heartbeat;
use crate::stored;

pub(crate) fn beat(conn: &mut Conn, node: &str, at: UtcTime, token_answers: bool) -> Result<(), StoreError> {
    let now = (heartbeat::at.eq(at.unix_micros()), heartbeat::token_answers.eq(i64::from(token_answers)));
    on_each_engine!(conn => {
        diesel::insert_into(heartbeat::table)
            .values((heartbeat::node.eq(node), now))
            .on_conflict(heartbeat::node)
            .do_update()
            .set(now)
            .execute(conn)
    })?;
    Ok(())
}

pub(crate) fn newest(conn: &mut Conn) -> Result<Option<CaHeartbeat>, StoreError> {
    let row: Option<(i64, i64)> = heartbeat::table
        .order(heartbeat::at.desc())
        .select((heartbeat::at, heartbeat::token_answers))
        .first(conn)
        .optional()?;
    row.map(|(at, token_answers)| {
        Ok(CaHeartbeat { at: stored::time(at, "heartbeat.at")?, token_answers: token_answers != 0 })
    })
    .transpose()
}
